import { createHash } from "node:crypto";
import { shortened } from "./action-patterns";
import { MAX_POLICY_CHARACTERS } from "./limits";
import { policyDocument, policySize } from "./policy-document";
import type { PolicyValue, Statement } from "./policy-statement";
import { type PolicyOptions, requiredStatements } from "./policy-statements";

/** One managed policy of a deployment. */
export interface DeploymentPolicy {
  /** Counted from 1. */
  readonly number: number;
  readonly name: string;
  readonly statements: readonly Statement[];
}

/** At least one, in the order of their numbers. */
export type DeploymentPolicies = readonly [DeploymentPolicy, ...DeploymentPolicy[]];

/** Name and path of the first policy of a deployment. */
type PolicyIdentity = Readonly<Record<"name" | "path", string>>;

/**
 * The managed policies of a deployment: one with full action names, else one with patterns that match exactly the same actions,
 * else several, with patterns if that makes fewer.
 * @throws Error if a mode other than `documented` has no prefix
 */
export function deploymentPolicies(options: PolicyOptions, identity: PolicyIdentity): DeploymentPolicies {
  const statements = requiredStatements(options);
  const full = dividedPolicies(statements);
  const short = full.length === 1 ? full : dividedPolicies(shortened(statements));
  const [first = [], ...additional] = short.length < full.length ? short : full;
  return [
    { number: 1, name: identity.name, statements: first },
    ...additional.map((policy, index) => ({
      number: index + 2,
      name: additionalPolicyName(identity, index + 2, policy),
      statements: policy,
    })),
  ];
}

/**
 * An additional policy is named after its content. A change of its content therefore creates and attaches another policy, before
 * Terraform changes the first policy and detaches the former one: what was allowed and stays allowed is allowed all the time.
 * IAM compares names without their path, so the path belongs to the content.
 */
function additionalPolicyName({ name, path }: PolicyIdentity, number: number, statements: readonly Statement[]): string {
  const content = createHash("sha256").update(JSON.stringify([path, policyDocument(statements)]));
  return `${name}-${number}-${content.digest("hex").slice(0, 8)}`;
}

/** IAM pattern for the names of the additional policies of a deployment, whatever they contain. */
export function additionalPolicyNames(name: string): string {
  return `${name}-?-????????`;
}

/** Characters that the name of an additional policy adds to the name of the first one. */
export const ADDITIONAL_NAME_CHARACTERS = additionalPolicyNames("").length;

/**
 * Divides statements into policies of at most 6,144 characters: each statement goes into the first policy that has space for it.
 * Together they allow what the statements allow. A statement that exceeds a policy alone is divided at its longest list; a policy
 * exceeds the size only if a statement has no list to divide: one with very long tag keys.
 */
export function dividedPolicies(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const empty = policySize([]);
  const policies: { readonly statements: Statement[]; size: number }[] = [];
  for (const statement of statements.flatMap(divided)) {
    // A comma separates statements.
    const size = policySize([statement]) - empty + 1;
    const policy = policies.find((candidate) => candidate.size + size <= MAX_POLICY_CHARACTERS);
    if (policy === undefined) {
      policies.push({ statements: [statement], size: empty + size - 1 });
    } else {
      policy.statements.push(statement);
      policy.size += size;
    }
  }
  return policies.map((policy) => policy.statements);
}

/** A statement as parts that each fit into a policy, as far as its lists allow. The statement IDs of the parts end in a number. */
function divided(statement: Statement): readonly Statement[] {
  const parts = halved(statement);
  return parts.length === 1 ? parts : parts.map((part, index) => ({ ...part, sid: `${statement.sid}${index + 1}` }));
}

function halved(statement: Statement): readonly Statement[] {
  // The number of a part extends its statement ID.
  if (policySize([{ ...statement, sid: `${statement.sid}999` }]) <= MAX_POLICY_CHARACTERS) {
    return [statement];
  }
  const lengthOf = ({ values }: ValueList) => JSON.stringify(values).length;
  const [longest] = listsOf(statement).sort((one, other) => lengthOf(other) - lengthOf(one));
  if (longest === undefined) {
    return [statement];
  }
  const { values, withValues } = longest;
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)].flatMap((half) => halved(withValues(half)));
}

interface ValueList {
  readonly values: readonly PolicyValue[];
  readonly withValues: (values: readonly PolicyValue[]) => Statement;
}

/**
 * The lists of a statement that can be divided: IAM applies a statement to any of its actions and resources, and a condition matches
 * any of its values, except with `ForAllValues` and negated operators, such as those of a Deny.
 * Source: IAM User Guide, "Conditions with multiple context keys or values".
 */
function listsOf(statement: Statement): ValueList[] {
  const { actions, resources, conditions } = statement;
  const ofConditions = conditions.flatMap((condition, index) =>
    condition.test.startsWith("ForAllValues:") || statement.effect === "Deny"
      ? []
      : {
          values: condition.values,
          withValues: (values: readonly PolicyValue[]) => ({
            ...statement,
            conditions: conditions.with(index, { ...condition, values }),
          }),
        },
  );
  return [
    { values: actions, withValues: (values: readonly PolicyValue[]) => ({ ...statement, actions: values.map(String) }) },
    { values: resources, withValues: (values: readonly PolicyValue[]) => ({ ...statement, resources: values }) },
    ...ofConditions,
  ].filter(({ values }) => values.length > 1);
}
