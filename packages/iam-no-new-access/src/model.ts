import type { Glob } from "./glob";

/**
 * A policy document as parsed JSON. Its form is checked here, so that documents of any origin can
 * be compared.
 */
export type PolicyJson = unknown;

/**
 * All policies that decide what one principal may do. Session policies and resource-based policies
 * are not part of it.
 */
export interface Side {
  /** The policies of the user and of its groups, or of the role. */
  readonly identity: readonly PolicyJson[];
  /** @default no permissions boundary */
  readonly boundary?: PolicyJson;
  /**
   * Service control policies by level (root, organizational units, account). A request needs an
   * Allow on each level, so a level with Deny statements alone needs `FullAWSAccess` as well, as in
   * AWS.
   * @default not in an organization
   */
  readonly controlPolicies?: readonly (readonly PolicyJson[])[];
}

/** Where a statement stands. */
export interface StatementReference {
  readonly side: "after" | "before";
  readonly policy: "identity" | "boundary" | "control";
  /**
   * Position of the document among those of its kind, from 1; levels of control policies are
   * counted through.
   */
  readonly document: number;
  /** Position in the document, from 1; undefined if the document itself is meant. */
  readonly statement?: number | undefined;
  readonly sid?: string | undefined;
}

/** A request to AWS. Keys that are absent from `context` are absent from the request. */
export interface DecisionRequest {
  readonly action: string;
  /** An ARN, or `*` for actions without resource types. */
  readonly resource: string;
  /** A list is the value of a multivalued key. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** Whether a side allows a request that the other one does not. */
export type Answer =
  /** Proven: the other side allows every request that this side allows. */
  | { readonly kind: "nothing-new" }
  /** One of the requests that this side allows and the other one does not. */
  | { readonly kind: "new-request"; readonly request: DecisionRequest }
  /**
   * Neither could be proven. The statement that prevents it is missing only where the effort
   * exceeded its limit.
   */
  | {
      readonly kind: "not-comparable";
      readonly statement?: StatementReference | undefined;
      readonly reason: string;
    };

/**
 * One test that a statement makes; an opaque one is not interpreted. All tests of a statement must
 * hold for it to match. Two with the same text have the same result.
 */
export type Guard =
  | PatternGuard
  | ConditionGuard
  | { readonly kind: "opaque"; readonly text: string; readonly reason: string };

export interface PatternGuard {
  readonly kind: "action" | "resource";
  /** The same for guards with the same patterns, whichever of them is negated. */
  readonly text: string;
  readonly negated: boolean;
  readonly patterns: readonly string[];
  /** Whether `${*}`, `${?}` and `${$}` stand for the character itself. */
  readonly variables: boolean;
}

export interface ConditionGuard {
  readonly kind: "condition";
  readonly text: string;
  readonly operator: Operator;
  /** Lower case: IAM ignores the case of keys. */
  readonly key: string;
  /** As the policy writes it. */
  readonly name: string;
  readonly values: readonly string[];
  /** What the values stand for: patterns, or intervals of an order. `Null` has neither. */
  readonly globs: readonly Glob[];
  readonly intervals: readonly Interval[];
}

/** How a condition operator compares a value of the request with those of the policy. */
export interface Operator {
  readonly test: Test;
  /** True where none of the policy's values may match. */
  readonly negated: boolean;
  /** `single` for operators without `ForAllValues:` or `ForAnyValue:`. */
  readonly set: "single" | "all" | "any";
  readonly ifExists: boolean;
}

export type Test =
  | "equals"
  | "equals-ignore-case"
  | "like"
  | "arn"
  | "bool"
  | "null"
  | "address"
  | `${"number" | "date"}-${"equals" | "less" | "less-or-equal" | "greater" | "greater-or-equal"}`;

/** Points of an order, both ends included. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** A statement, as a conjunction of tests. */
export interface Statement {
  readonly reference: StatementReference;
  readonly effect: "Allow" | "Deny";
  readonly guards: readonly Guard[];
  /** The same for statements with the same effect and the same tests, in any order. */
  readonly text: string;
}

/** A side, read: groups of statements that must each allow a request. */
export type Policies = readonly (readonly Statement[])[];
