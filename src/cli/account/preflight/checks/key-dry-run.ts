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

/** The finding for the response of EC2 to a dry run. */
export function checkDryRun(
  operation: string,
  { code, message }: { readonly code: string; readonly message: string },
): PreflightFound {
  const action = `ec2:${operation}`;
  switch (code) {
    case "DryRunOperation":
      return { rule: "key-allowed", values: { action } };
    case "UnsupportedOperation":
      return { rule: "key-call-absent", values: { action } };
    case "UnauthorizedOperation":
      return { rule: DENIERS.find(([pattern]) => pattern.test(message))?.[1] ?? "key-denied", values: { action } };
    default:
      return { rule: "key-call-failed", values: { action, reason: `${code}: ${message}` } };
  }
}

/** What denied a call, as the message of EC2 names it; none of them where an Allow is missing. */
const DENIERS = [
  [/service control policy/i, "key-denied-by-scp"],
  [/permissions boundary/i, "key-denied-by-boundary"],
  [/explicit deny in an identity-based policy/i, "key-denied-by-policy"],
] as const;

/** Tests the key itself. Requires no permission but those of the key. */
export const keyDryRunCheck: Check = {
  id: "key",
  field: "policy",
  calls: [],
  where: "region",
  run: ({ dryRun }, { deployment }) =>
    Promise.all(
      DRY_CALLS.flatMap(({ operation, input }) => {
        const request = input(deployment);
        return request === undefined ? [] : [dryRun(operation, request).then((response) => checkDryRun(operation, response))];
      }),
    ),
};
