import type { Deployment } from "../../settings/deployment";
import { blocker, type Check, cannotTell, type Finding, ok, skipped } from "../check";

/** A call of DKP's that EC2 judges without making it. */
interface DryCall {
  readonly operation: string;
  /** The call's input; undefined where this cluster makes no such call, or the settings don't tell enough. */
  readonly input: (deployment: Deployment) => object | undefined;
}

/** What DKP's own discoverer asks this way, and one call each of what it reads, takes, makes and starts. */
export const DRY_CALLS: readonly DryCall[] = [
  { operation: "DescribeAddressesAttribute", input: () => ({}) },
  { operation: "DescribeInstanceTopology", input: () => ({}) },
  { operation: "DescribeInstances", input: () => ({}) },
  { operation: "AllocateAddress", input: () => ({ Domain: "vpc" }) },
  {
    operation: "CreateVpc",
    input: ({ cluster }) => (cluster.existingVPCID === undefined ? { CidrBlock: "10.241.0.0/16" } : undefined),
  },
  { operation: "CreateInternetGateway", input: () => ({}) },
  {
    operation: "RunInstances",
    input: ({ instances: { masters } }) =>
      masters.ami === undefined || masters.instanceType === undefined
        ? undefined
        : { ImageId: masters.ami, InstanceType: masters.instanceType, MinCount: 1, MaxCount: 1 },
  },
];

/** What EC2's answer to a dry run means for the key. */
export function judgeDryRun(operation: string, { code, message }: { readonly code: string; readonly message: string }): Finding {
  const action = `ec2:${operation}`;
  switch (code) {
    case "DryRunOperation":
      return ok(`the key may call ${action}`);
    case "UnsupportedOperation":
      return skipped(`the region has no ${action}, and DKP does without it there`);
    case "UnauthorizedOperation":
      return denied(action, message);
    default:
      return cannotTell(
        `${action} answered ${code}: ${message}`,
        "look at the answer above; it is about the call, not about the key",
      );
  }
}

/** EC2 says in its refusal what denied the call, if it was not for want of an Allow. */
function denied(action: string, message: string): Finding {
  if (/service control policy/i.test(message)) {
    return blocker(`an SCP denies ${action} to the key`, "have the organization's administrator allow it");
  }
  if (/permissions boundary/i.test(message)) {
    return blocker(
      `the permissions boundary denies ${action} to the key`,
      "have the boundary allow it, or set another user.permissionsBoundary",
    );
  }
  return blocker(`the key may not call ${action}`, "apply, if the policy is not yet what the settings say");
}

/** The key itself, asked. Needs no permission but the key's own. */
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
