import { shortened } from "./action-patterns";
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

/** One, or two if the permissions exceed the size of one. */
export type DeploymentPolicies = readonly [DeploymentPolicy, ...DeploymentPolicy[]];

/**
 * The managed policies of a deployment.
 * @param name that of the first one
 * @throws Error if a mode other than `documented` has no prefix
 */
export function deploymentPolicies(options: PolicyOptions, name: string): DeploymentPolicies {
  const [first = [], second] = dividedPolicies(requiredStatements(options));
  const whole = { number: 1, name, statements: first };
  return second === undefined ? [whole] : [whole, { number: 2, name: secondPolicyName(name), statements: second }];
}

/** The name of the second policy of a deployment. @param name that of the first one */
export const secondPolicyName = (name: string) => `${name}-2`;

/**
 * One policy where everything fits, else the permissions of EC2 in the first one, and all others in the second one. Whatever settings
 * change, a permission is in the first policy or in that of its service, so that Terraform changes both in place. One of two policies
 * can exceed the size of IAM: then the settings are rejected.
 */
export function dividedPolicies(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const whole = fitting(statements);
  return isTooLarge(whole)
    ? [isOfFirst, (action: string) => !isOfFirst(action)].map((isKept) => fitting(withActions(statements, isKept)))
    : [whole];
}

export const isTooLarge = (statements: readonly Statement[]) => policySize(statements) > MAX_POLICY_CHARACTERS;

/** Full action names where they fit, else patterns that match exactly the same actions. */
const fitting = (statements: readonly Statement[]) => (isTooLarge(statements) ? shortened(statements) : statements);

/** Actions of EC2, and the Deny of other networks, which is about all services: a protected policy has it. */
const isOfFirst = (action: string) => action.startsWith("ec2:") || action === "*";

function withActions(statements: readonly Statement[], isKept: (action: string) => boolean): readonly Statement[] {
  return statements
    .map((statement) => ({ ...statement, actions: statement.actions.filter(isKept) }))
    .filter(({ actions }) => actions.length > 0);
}
