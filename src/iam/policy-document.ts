import type { PolicyCondition, PolicyStatement } from "./policy-statements";

type OneOrMore = string | readonly string[];

/** A policy as AWS stores it. */
export interface PolicyDocument {
  readonly Statement: readonly {
    readonly Action: OneOrMore;
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
    readonly Effect: "Allow" | "Deny";
    readonly Resource: OneOrMore;
    readonly Sid: string;
  }[];
  readonly Version: "2012-10-17";
}

/** The document that the AWS provider sends: lists in reverse order, lists with one element as a string. */
export function policyDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return documentOf(statements, (values) => values.toSorted().reverse());
}

/** @param order puts the actions and resources of a statement in order */
function documentOf(
  statements: readonly PolicyStatement[],
  order: (values: readonly string[]) => readonly string[],
): PolicyDocument {
  const stored = (values: readonly string[]): OneOrMore => (values.length === 1 ? (values[0] ?? "") : order(values));
  return {
    Statement: statements.map(({ effect, sid, actions, resources, conditions }) => ({
      Action: stored(actions),
      ...conditionBlock(conditions, (values) => (values.length === 1 ? (values[0] ?? "") : values)),
      Effect: effect ?? ("Allow" as const),
      Resource: stored(resources),
      Sid: sid,
    })),
    Version: "2012-10-17",
  };
}

/**
 * The `Condition` element of a statement, none without conditions. Conditions that share an operator share its block.
 * @param render converts the values of one condition
 */
export function conditionBlock(
  conditions: readonly PolicyCondition[],
  render: (values: readonly string[]) => OneOrMore,
): { readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>> } {
  const operators = [...new Set(conditions.map(({ test }) => test))];
  const block = operators.map((operator) => {
    const same = conditions.filter(({ test }) => test === operator);
    return [operator, Object.fromEntries(same.map(({ variable, values }) => [variable, render(values)]))] as const;
  });
  return block.length === 0 ? {} : { Condition: Object.fromEntries(block) };
}

/** Length as AWS counts it, in characters. A Terraform reference to the account counts as 12 digits. */
export function policySize(statements: readonly PolicyStatement[]): number {
  // The order does not change the length.
  return JSON.stringify(documentOf(statements, (values) => values))
    .replaceAll(/\$\{[^}]*\}/g, "123456789012")
    .replaceAll(/\s/g, "").length;
}
