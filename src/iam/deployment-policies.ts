import { MAX_POLICY_CHARACTERS } from "./limits";
import { policySize, type Statement } from "./policy-document";
import { type PolicyOptions, requiredStatements } from "./policy-statements";

/** One managed policy of a deployment. */
export interface DeploymentPolicy {
  /** Counted from 1. */
  readonly number: number;
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** One in mode `documented`, else two. */
export type DeploymentPolicies = readonly [DeploymentPolicy, ...DeploymentPolicy[]];

/**
 * The managed policies of a deployment.
 * @param name that of the first one
 * @throws Error if a mode other than `documented` has no prefix
 */
export function deploymentPolicies(options: PolicyOptions, name: string): DeploymentPolicies {
  const statements = requiredStatements(options);
  if (options.mode === "documented") {
    return [{ number: 1, name, statements }];
  }
  const [first, second] = dividedPolicies(statements);
  return [
    { number: 1, name, statements: first },
    { number: 2, name: secondPolicyName(name), statements: second },
  ];
}

/**
 * The name of the second policy of a deployment.
 * @param name that of the first one
 */
export const secondPolicyName = (name: string): string => `${name}-2`;

/**
 * The permissions of EC2, and all others. The division depends only on the service, so that no
 * change of the settings moves a permission from one policy to the other, and Terraform changes
 * both in place.
 */
export function dividedPolicies(
  statements: readonly Statement[],
): readonly [first: readonly Statement[], second: readonly Statement[]] {
  return [
    withActions(statements, isOfFirst),
    withActions(statements, (action) => !isOfFirst(action)),
  ];
}

export const isTooLarge = (statements: readonly Statement[]): boolean =>
  policySize(statements) > MAX_POLICY_CHARACTERS;

/**
 * Actions of EC2, and the Deny of other networks, which is about all services: a protected policy
 * has it.
 */
const isOfFirst = (action: string) => action.startsWith("ec2:") || action === "*";

function withActions(
  statements: readonly Statement[],
  isKept: (action: string) => boolean,
): readonly Statement[] {
  return statements
    .map((statement) => ({ ...statement, actions: statement.actions.filter(isKept) }))
    .filter(({ actions }) => actions.length > 0);
}
