import type { PolicyStatement } from "./policy";

/** What a managed policy may have, white space not counted. Source: "IAM and AWS STS quotas". */
export const MAX_POLICY_CHARACTERS = 6144;

type OneOrMore = string | readonly string[];

/** A policy as AWS stores it. */
export interface PolicyDocument {
  readonly Statement: readonly {
    readonly Action: OneOrMore;
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
    readonly Effect: "Allow";
    readonly Resource: OneOrMore;
    readonly Sid: string;
  }[];
  readonly Version: "2012-10-17";
}

/** The document that the AWS provider sends for statements: lists in reverse order, one-element lists as texts. */
export function policyDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return {
    Statement: statements.map(({ sid, actions, resources, conditions }) => ({
      Action: stored(actions),
      ...(conditions.length === 0
        ? {}
        : {
            Condition: Object.fromEntries(
              conditions.map(({ test, variable, values }) => [
                test,
                { [variable]: values.length === 1 ? (values[0] ?? "") : values },
              ]),
            ),
          }),
      Effect: "Allow",
      Resource: stored(resources),
      Sid: sid,
    })),
    Version: "2012-10-17",
  };
}

function stored(values: readonly string[]): OneOrMore {
  const [only, ...more] = values;
  return only !== undefined && more.length === 0 ? only : values.toSorted().reverse();
}

/** Size as AWS counts it, in characters. A Terraform reference to the account counts as the 12 digits that it becomes. */
export function policySize(statements: readonly PolicyStatement[]): number {
  return JSON.stringify(policyDocument(statements))
    .replaceAll(/\$\{[^}]*\}/g, "123456789012")
    .replaceAll(/\s/g, "").length;
}
