import type { Deployment } from "../../../../settings/deployment";
import { type Check, type PreflightFound, when } from "../check";

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
  { operation: "AllocateAddress", input: () => ({ Domain: "vpc" }) },
  {
    operation: "CreateVpc",
    input: ({ cluster }) => (cluster.existingVPCID === undefined ? { CidrBlock: "10.241.0.0/16" } : undefined),
  },
  { operation: "CreateInternetGateway", input: () => ({}) },
  {
    operation: "RunInstances",
    // A dry run only checks the permission. Source: EC2 API Reference, RunInstances, "DryRun".
    input: ({ amis: [ImageId] }) =>
      ImageId === undefined ? undefined : { ImageId, InstanceType: "m5.large", MinCount: 1, MaxCount: 1 },
  },
];

/** What denies a call, by the code and the message of EC2, which name it; a policy where they name nothing. */
const DENIALS = [
  [/^UnauthorizedOperation: .*service control policy/i, "permission-denied-by-scp"],
  [/^UnauthorizedOperation: .*permissions boundary/i, "permission-denied-by-boundary"],
  [/^UnauthorizedOperation: /, "permission-denied-by-policy"],
] as const;

/**
 * Codes of an allowed call, and of one that the Region does not have: DKP does not require it there.
 * Source: EC2 API Reference, "Error codes"; hashicorp/terraform-provider-aws#41177.
 */
const PASSED = ["DryRunOperation", "UnsupportedOperation", "InvalidAction"];

/** Tests the key itself. Requires no permission but those of the key. */
export const keyDryRunCheck: Check = {
  id: "key",
  field: "policy",
  async run({ dryRun }, { deployment }) {
    const findings = DRY_CALLS.map(async ({ operation, input }): Promise<readonly PreflightFound[]> => {
      const request = input(deployment);
      if (request === undefined) {
        return [];
      }
      const { code, message } = await dryRun(operation, request);
      const action = `ec2:${operation}`;
      const reason = `${code}: ${message}`;
      const [, rule] = DENIALS.find(([pattern]) => pattern.test(reason)) ?? [];
      const found: PreflightFound =
        rule === undefined
          ? { rule: "key-call-failed", values: { action, reason } }
          : { rule, values: { simulated: "the key", actions: [action] } };
      return when(!PASSED.includes(code), found);
    });
    return (await Promise.all(findings)).flat();
  },
};
