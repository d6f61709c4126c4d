import { type Arn, arnText } from "./arns";

/** A string of a policy; an ARN whose account may be unknown is a value. */
export type PolicyValue = string | Arn;

/** A condition of a statement: all of a statement's conditions must hold. */
export interface PolicyCondition<Value = string> {
  readonly test:
    | "ArnEquals"
    | "Bool"
    | "BoolIfExists"
    | "ForAllValues:StringEquals"
    | "NotIpAddressIfExists"
    | "StringEquals"
    | "StringNotEqualsIfExists";
  readonly variable: string;
  readonly values: readonly Value[];
}

/** One statement of an identity policy. IAM denies what no statement allows, and what a Deny matches. */
export interface PolicyStatement<Value = string> {
  /** @default "Allow" */
  readonly effect?: "Deny";
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly Value[];
  readonly conditions: readonly PolicyCondition<Value>[];
}

/** A statement whose ARNs are values. */
export type Statement = PolicyStatement<PolicyValue>;

/** A string of a policy as text. @param account stands for the account of the deployment */
export function valueText(value: PolicyValue, account: string): string {
  return typeof value === "string" ? value : arnText(value, account);
}

/** Statements with their ARNs as text. @param account stands for the account of the deployment */
export function withAccount(statements: readonly Statement[], account: string): readonly PolicyStatement[] {
  const text = (value: PolicyValue) => valueText(value, account);
  return statements.map((statement) => ({
    ...statement,
    resources: statement.resources.map(text),
    conditions: statement.conditions.map((condition) => ({ ...condition, values: condition.values.map(text) })),
  }));
}
