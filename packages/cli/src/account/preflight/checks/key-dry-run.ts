import type { Deployment } from "../../../../../../src/settings/deployment";
import { type Check, type PreflightFound, when } from "../check";

/**
 * Calls of DKP that EC2 authorizes and does not execute, by operation: the dry runs of DKP's own
 * discoverer, and one call of each kind: read, allocate, create, start. A dry run only checks the
 * permission. Source: EC2 API Reference, RunInstances, "DryRun".
 */
export function dryCalls({
  cluster,
  amis: [ImageId],
}: Deployment): Readonly<Record<string, object>> {
  return {
    DescribeAddressesAttribute: {},
    DescribeInstanceTopology: {},
    DescribeInstances: {},
    AllocateAddress: { Domain: "vpc" },
    CreateInternetGateway: {},
    ...(cluster.existingVPCID === undefined ? { CreateVpc: { CidrBlock: "10.241.0.0/16" } } : {}),
    ...(ImageId === undefined
      ? {}
      : { RunInstances: { ImageId, InstanceType: "m5.large", MinCount: 1, MaxCount: 1 } }),
  };
}

/** What denies a call, by the code and the message of EC2; a policy if they do not say it. */
const DENIALS = [
  [/^UnauthorizedOperation: .*service control policy/i, "permission-denied-by-scp"],
  [/^UnauthorizedOperation: .*permissions boundary/i, "permission-denied-by-boundary"],
  [/^UnauthorizedOperation: /, "permission-denied-by-policy"],
] as const;

/**
 * Codes of an allowed call, and of one that the Region does not have: DKP does not require it
 * there. Source: EC2 API Reference, "Error codes"; hashicorp/terraform-provider-aws#41177.
 */
const PASSED = ["DryRunOperation", "UnsupportedOperation", "InvalidAction"];

/**
 * Codes of a launch without a subnet where the Region has no default VPC, or no subnet in it. It is
 * not documented whether EC2 checks the permission before. Source: EC2 API Reference, RunInstances;
 * aws/aws-cdk#3251; terraform-aws-modules/terraform-aws-ec2-instance#50.
 */
const UNDECIDED = ["VPCIdNotSpecified", "MissingInput"];

/** Tests the key itself. Requires no permission but those of the key. */
export const keyDryRunCheck: Check = {
  id: "key",
  field: "policy",
  async run({ dryRun, deployment }) {
    const findings = Object.entries(dryCalls(deployment)).map(
      async ([operation, input]): Promise<readonly PreflightFound[]> => {
        const { code, message } = await dryRun(operation, input);
        const action = `ec2:${operation}`;
        const reason = `${code}: ${message}`;
        const [, rule] = DENIALS.find(([pattern]) => pattern.test(reason)) ?? [];
        const found: PreflightFound =
          rule === undefined
            ? {
                rule: UNDECIDED.includes(code) ? "key-call-undecided" : "key-call-failed",
                values: { action, reason },
              }
            : { rule, values: { action } };
        return when(!PASSED.includes(code), found);
      },
    );
    return (await Promise.all(findings)).flat();
  },
};
