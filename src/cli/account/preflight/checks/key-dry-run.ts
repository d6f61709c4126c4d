import { strictMarker } from "../../../../iam/cluster-marker";
import type { Deployment } from "../../../../settings/deployment";
import { type Check, type Finding, failed, ok, skipped, unknown } from "../check";

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
export function judgeDryRun(operation: string, { code, message }: { readonly code: string; readonly message: string }): Finding {
  const action = `ec2:${operation}`;
  switch (code) {
    case "DryRunOperation":
      return ok(`the key may call ${action}`);
    case "UnsupportedOperation":
      return skipped(`the region does not have ${action}, and DKP does not require it there`);
    case "UnauthorizedOperation":
      return denied(action, message);
    default:
      return unknown(`${action} returned ${code}: ${message}`, "read the error above; it is about the call, not about the key");
  }
}

/** What denied a call, as the message of EC2 names it, and what to do. */
const DENIERS: readonly (readonly [message: RegExp, what: string, remedy: string])[] = [
  [/service control policy/i, "an SCP", "have the administrator of the organization allow it"],
  [/permissions boundary/i, "the permissions boundary", "allow it in the boundary, or set another user.permissionsBoundary"],
  [
    /explicit deny in an identity-based policy/i,
    "a policy of the user",
    "if user.allowedNetworks is set, run the check from one of these networks; otherwise remove the Deny",
  ],
];

/** The message of EC2 names what denied the call, unless an Allow is missing. */
function denied(action: string, text: string): Finding {
  const [, what, remedy] = DENIERS.find(([message]) => message.test(text)) ?? [];
  return what === undefined || remedy === undefined
    ? failed(`the key may not call ${action}`, "apply if the settings have not been applied yet")
    : failed(`${what} denies ${action} to the key`, remedy);
}

/** Tests the key itself. Requires no permission but those of the key. */
export const keyDryRunCheck: Check = {
  name: "key",
  calls: [],
  where: "region",
  run: ({ dryRun }, { deployment }) =>
    Promise.all(
      DRY_CALLS.flatMap(({ operation, input }) => {
        const request = input(deployment);
        return request === undefined ? [] : [dryRun(operation, request).then((answer) => judgeDryRun(operation, answer))];
      }),
    ),
};
