import { DRY_CALLS } from "../../src/cli/account/preflight/checks/key-dry-run";
import type { Cluster } from "../../src/iam/cluster";
import { policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, inMode } from "../helpers/clusters";
import { deployment } from "../helpers/deployment";
import { type Context, isAllowed } from "../helpers/simulator";
import { MARKER, UUID, VPC } from "../helpers/tagged-requests";

const arn = (service: string, resource: string) => `arn:aws:${service}:${ENVIRONMENT.region}:${ENVIRONMENT.account}:${resource}`;

/** Whether mode strict allows a request for a cluster. */
function allows(cluster: Partial<Cluster>, action: string, resource: string, context: Context = {}): Promise<boolean> {
  const options = inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster: clusterOf(cluster) });
  return isAllowed(policyDocument(policyStatements(options)), {
    action,
    resource,
    context: { "aws:RequestedRegion": ENVIRONMENT.region, ...context },
  });
}

describe("mode strict", () => {
  const NAT = { layout: "WithNAT", bastion: true } as const;

  it.each([
    ["with a bastion, whose root disk DKP never tags", NAT, {}, true],
    ["without a bastion", { layout: "WithNAT" }, {}, false],
    ["in a layout that has none", { layout: "Standard", bastion: true }, {}, false],
    ["of another instance", NAT, { "aws:ResourceTag/Name": "web" }, false],
    ["of another EBS CSI driver", NAT, { "aws:ResourceTag/ebs.csi.aws.com/cluster": "false" }, false],
  ] as const)("changes a disk without the marker %s: %j", async (_, cluster, context, allowed) => {
    expect(await allows(cluster, "ec2:ModifyVolume", arn("ec2", "volume/vol-0123456789abcdef0"), context)).toBe(allowed);
    expect(await allows(cluster, "ec2:DeleteVolume", arn("ec2", "volume/vol-0123456789abcdef0"), context)).toBe(false);
  });

  it.each([
    ["a0123456789abcdef0123456789abcde", {}, true],
    // "?" matches "/" too: REVIEW.md lists it.
    ["api-gateway-pro", {}, true],
    ["api-gateway-prod", {}, false],
    ["api-gateway-pro", { "aws:ResourceTag/elbv2.k8s.aws/cluster": "prod" }, false],
    ["a0123456789abcdef0123456789abcde", { "aws:ResourceTag/kubernetes.io/service-name": "default/web" }, false],
  ] as const)("changes a listener of the load balancer %s with the tags %j: %s", async (name, context, allowed) => {
    const listener = arn("elasticloadbalancing", `listener/net/${name}/50dc6c495c0c9188/f2f7dc8efc522ab2`);
    const known = { uuid: UUID, vpcId: VPC };
    expect(await allows(known, "elasticloadbalancing:ModifyListener", listener, context)).toBe(allowed);
    expect(await allows(known, "elasticloadbalancing:DeleteListener", listener, context)).toBe(allowed);
  });

  it("allows the dry runs of the preflight, which have the marker in their requests", async () => {
    const settings = `policy: { mode: strict }\ncluster: { prefix: dev, layout: Standard, tags: { ${MARKER.key}: ${MARKER.value} } }\n`;
    const described = deployment(settings);
    const requests = DRY_CALLS.flatMap(({ operation, input }) => {
      const request = input(described) as
        | { TagSpecifications?: readonly { ResourceType: string; Tags: readonly { Key: string; Value: string }[] }[] }
        | undefined;
      const [specification] = request?.TagSpecifications ?? [];
      return specification === undefined ? [] : [{ operation, ...specification }];
    });
    expect(requests.map(({ operation }) => operation)).toEqual(["AllocateAddress", "CreateVpc", "CreateInternetGateway"]);
    for (const { operation, ResourceType, Tags } of requests) {
      const context = Object.fromEntries(Tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value]));
      const resource = arn("ec2", `${ResourceType}/*`);
      expect([operation, await allows({}, `ec2:${operation}`, resource, context)]).toEqual([operation, true]);
      expect([operation, await allows({}, `ec2:${operation}`, resource)]).toEqual([operation, false]);
    }
    expect(
      DRY_CALLS.find(({ operation }) => operation === "RunInstances")?.input({ ...described, amis: ["ami-0123456789abcdef0"] }),
    ).toBeUndefined();
  });
});
