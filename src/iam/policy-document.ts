import { grouped } from "../text/grouped";
import { ACCOUNT_ID, type Arn, arnText } from "./arns";

/** A string of a policy; an ARN whose account may be unknown is a value. */
export type PolicyValue = string | Arn;

/** All conditions of a statement must hold. */
export interface PolicyCondition<Value = string> {
  readonly test:
    | "ArnEquals"
    | "BoolIfExists"
    | "ForAllValues:StringEquals"
    | "NotIpAddressIfExists"
    | "StringEquals"
    | "StringNotEqualsIfExists";
  readonly variable: string;
  readonly values: readonly Value[];
}

/**
 * One statement of an identity policy. IAM denies what no statement allows, and what a Deny
 * matches.
 */
export interface PolicyStatement<Value = string> {
  /** @default "Allow" */
  readonly effect?: "Deny";
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly Value[];
  readonly conditions: readonly PolicyCondition<Value>[];
}

export type Statement = PolicyStatement<PolicyValue>;

/**
 * A string of a policy as text.
 * @param account stands for the account of the deployment
 */
export function valueText(value: PolicyValue, account: string): string {
  return typeof value === "string" ? value : arnText(value, account);
}

/**
 * Statements with their ARNs as text.
 * @param account stands for the account of the deployment
 */
export function withAccount(
  statements: readonly Statement[],
  account: string,
): readonly PolicyStatement[] {
  const text = (value: PolicyValue) => valueText(value, account);
  return statements.map((statement) => ({
    ...statement,
    resources: statement.resources.map(text),
    conditions: statement.conditions.map((condition) => ({
      ...condition,
      values: condition.values.map(text),
    })),
  }));
}

type OneOrMore = string | readonly string[];

/** Source: IAM User Guide, "IAM JSON policy elements: Version". */
const POLICY_VERSION = "2012-10-17";

export type PolicyWith<S> = {
  readonly Version: typeof POLICY_VERSION;
  readonly Statement: S;
};

/** A policy with these statements. */
export function policyWith<S>(Statement: S): PolicyWith<S> {
  return { Version: POLICY_VERSION, Statement };
}

interface StatementDocument {
  readonly Action: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
  readonly Effect: "Allow" | "Deny";
  readonly Resource: OneOrMore;
  readonly Sid: string;
}

export type PolicyDocument = PolicyWith<readonly StatementDocument[]>;

/**
 * An account ID for measuring: it has 12 characters like every other one, and sorts before them.
 */
const ANY_ACCOUNT = "000000000000";

/**
 * The document that the AWS provider sends: lists in reverse order, lists with one element as a
 * string.
 * @param account the account of the deployment, 12 digits; unknown by default
 */
export function policyDocument(
  statements: readonly Statement[],
  account: string = ACCOUNT_ID,
): PolicyDocument {
  const key = (value: PolicyValue) =>
    valueText(value, account === ACCOUNT_ID ? ANY_ACCOUNT : account);
  const oneOrMore = (values: readonly PolicyValue[]): OneOrMore => {
    const [text = "", ...more] = values.map((value) => valueText(value, account));
    return more.length === 0 ? text : [text, ...more];
  };
  const ordered = (values: readonly PolicyValue[]) =>
    oneOrMore(values.toSorted((one, other) => (key(one) < key(other) ? 1 : -1)));
  const ofOperator = (same: Statement["conditions"]) =>
    Object.fromEntries(same.map(({ variable, values }) => [variable, oneOrMore(values)]));
  const conditionBlock = (conditions: Statement["conditions"]) =>
    Object.fromEntries(
      [...grouped(conditions, ({ test }) => test)].map(([test, same]) => [test, ofOperator(same)]),
    );
  return {
    Statement: statements.map(({ effect, sid, actions, resources, conditions }) => ({
      Action: ordered(actions),
      ...(conditions.length > 0 && { Condition: conditionBlock(conditions) }),
      Effect: effect ?? "Allow",
      Resource: ordered(resources),
      Sid: sid,
    })),
    Version: POLICY_VERSION,
  };
}

/**
 * Length of a policy as AWS counts it, in characters without white space. An unknown account has 12
 * digits.
 */
export function policySize(statements: readonly Statement[]): number {
  return JSON.stringify(policyDocument(statements, ANY_ACCOUNT)).replaceAll(/\s/g, "").length;
}
