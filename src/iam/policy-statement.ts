/** A condition of a statement: all of a statement's conditions must hold. */
export interface PolicyCondition {
  readonly test:
    | "ArnEquals"
    | "Bool"
    | "BoolIfExists"
    | "ForAllValues:StringEquals"
    | "NotIpAddressIfExists"
    | "Null"
    | "StringEquals"
    | "StringNotEqualsIfExists";
  readonly variable: string;
  readonly values: readonly string[];
}

/** One statement of an identity policy. IAM denies what no statement allows, and what a Deny matches. */
export interface PolicyStatement {
  /** @default "Allow" */
  readonly effect?: "Deny";
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly PolicyCondition[];
}
