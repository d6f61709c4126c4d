import { strictMarker } from "../../../../iam/cluster-marker";
import type { Deployment } from "../../../../settings/deployment";
import type { Check, PreflightFound } from "../check";

/** A call of DKP that EC2 authorizes and does not execute. */
interface DryCall {
  readonly operation: string;
  /** The call's input; undefined where this cluster makes no such call, or the settings lack what it requires. */
  readonly input: (deployment: Deployment) => object | undefined;
}

/** The dry runs of DKP's own discoverer, and one call of each kind: read, allocate, create, start. */
export const DRY_CALLS: readonly DryCall[] = [
  { operation: "DescribeAddressesAttribute", input: () => ({}) },
  { operation: "DescribeInstanceTopology", input: () => ({}) },
  { operation: "DescribeInstances", input: () => ({}) },
  { operation: "AllocateAddress", input: (deployment) => ({ Domain: "vpc", ...marked(deployment, "elastic-ip") }) },
  {
    operation: "CreateVpc",
    input: (deployment) =>
      deployment.cluster.existingVPCID === undefined ? { CidrBlock: "10.241.0.0/16", ...marked(deployment, "vpc") } : undefined,
  },
  { operation: "CreateInternetGateway", input: (deployment) => marked(deployment, "internet-gateway") },
  {
    operation: "RunInstances",
    // A dry run only checks the permission, so that any instance type will do. Source: EC2 API Reference, RunInstances, "DryRun".
    // Mode strict allows a launch only in a subnet of the cluster, which the settings do not name.
    input: ({ amis: [ImageId], policy }) =>
      ImageId === undefined || policy.mode === "strict"
        ? undefined
        : { ImageId, InstanceType: "m5.large", MinCount: 1, MaxCount: 1 },
  },
];

/** The marker in the request, without which mode `strict` allows no creation. */
function marked({ policy, cluster }: Deployment, ResourceType: string): object {
  const marker = strictMarker(policy, cluster);
  return marker === undefined ? {} : { TagSpecifications: [{ ResourceType, Tags: [{ Key: marker.key, Value: marker.value }] }] };
}

/** What denied a call, as the message of EC2 names it; an Allow is missing where it names none of them. */
const DENIERS = [
  [/service control policy/i, "key-denied-by-scp"],
  [/permissions boundary/i, "key-denied-by-boundary"],
  [/explicit deny in an identity-based policy/i, "key-denied-by-policy"],
  [/^/, "key-denied"],
] as const;

/** Tests the key itself. Requires no permission but those of the key. */
export const keyDryRunCheck: Check = {
  id: "key",
  field: "policy",
  calls: [],
  where: "region",
  async run({ dryRun }, { deployment }) {
    const findings = DRY_CALLS.map(async ({ operation, input }): Promise<readonly PreflightFound[]> => {
      const [action, request] = [`ec2:${operation}`, input(deployment)];
      if (request === undefined) {
        return [];
      }
      const { code, message } = await dryRun(operation, request);
      switch (code) {
        case "DryRunOperation":
          return [{ rule: "key-allowed", values: { action } }];
        case "UnsupportedOperation":
          return [{ rule: "key-call-absent", values: { action } }];
        case "UnauthorizedOperation":
          return DENIERS.filter(([pattern]) => pattern.test(message))
            .slice(0, 1)
            .map(([, rule]) => ({ rule, values: { action } }));
        default:
          return [{ rule: "key-call-failed", values: { action, reason: `${code}: ${message}` } }];
      }
    });
    return (await Promise.all(findings)).flat();
  },
};
