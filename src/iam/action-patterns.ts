import { CATALOGUE } from "./catalogue";
import type { PolicyStatement } from "./policy-document";

const ACTIONS = CATALOGUE.map(({ action }) => action);

/**
 * Patterns with the actions of DKP that they match, which are all that they match among the actions of AWS, so that they allow the same
 * as the list. IAM ignores case: `ec2:DescribeVolumes*` would match ec2:DescribeVolumeStatus as well. Each pattern has whole words. A test
 * compares them with the Service Authorization Reference.
 */
export const ACTION_PATTERNS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [
    ...["ec2:*KeyPair", "ec2:*SecurityGroup", "ec2:*SecurityGroupEgress", "ec2:*SecurityGroupIngress", "ec2:*VpcAttribute"],
    ...["ec2:DescribeAddresses*", "ec2:DescribeVpcClassicLink*", "elasticloadbalancing:*LoadBalancerListeners"],
    ...["elasticloadbalancing:*TargetGroup", "elasticloadbalancing:*Targets", "elasticloadbalancing:SetLoadBalancerPolicies*"],
    ...["iam:*RolePolicies", "kms:ReEncrypt*"],
  ].map((pattern) => [pattern, ACTIONS.filter((action) => matchesAction(pattern.toLowerCase(), action.toLowerCase()))]),
);

/**
 * Whether a pattern of actions (`*`: any string, `?`: one character) matches an action, or everything that another pattern matches.
 * Both in lower case: IAM ignores case. Takes at most quadratic time.
 */
export function matchesAction(pattern: string, action: string): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  for (let position = 0; position < action.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      retry = position;
    } else if (pattern[at] === action[position] || (pattern[at] === "?" && action[position] !== "*")) {
      at++;
      position++;
    } else if (star < 0) {
      return false;
    } else {
      // The last star matches one character more.
      at = star + 1;
      position = ++retry;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}

/** The statements with patterns instead of the actions that they match exactly. */
export function shortened<Value>(statements: readonly PolicyStatement<Value>[]): readonly PolicyStatement<Value>[] {
  return statements.map((statement) => ({ ...statement, actions: withPatterns(statement.actions) }));
}

function withPatterns(actions: readonly string[]): readonly string[] {
  const fitting = Object.entries(ACTION_PATTERNS).filter(([, matched]) => matched.every((action) => actions.includes(action)));
  const replaced = fitting.flatMap(([, matched]) => matched);
  return [...actions.filter((action) => !replaced.includes(action)), ...fitting.map(([pattern]) => pattern)].sort();
}
