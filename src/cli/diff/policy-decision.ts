import { type Comparison, comparisonOf, decide } from "../../decision/decide";
import type { Answer, DecisionRequest, Side } from "../../decision/model";
import { ACCOUNT_ID } from "../../iam/arns";
import type { ActionChange } from "./change-summary";
import { exampleRequests, rowOf } from "./example-requests";
import { type Condition, NO_POLICY, type OpaqueStatement, type Permit, type Policy } from "./policy-model";
import { ACCOUNT_REFERENCE } from "./snapshot";

/** The policies that decide together what a principal may do. */
export interface Policies {
  /** All identity policies of the principal. */
  readonly identity: Policy;
  /** The permissions boundary, if its content is known. */
  readonly boundary?: Policy | undefined;
  /** A service control policy that stands beside `FullAWSAccess`. */
  readonly control?: Policy | undefined;
}

/** Allows every request: on its own, or below what limits it. */
export const FULL_ACCESS: Policy = { ...NO_POLICY, allows: [{ actions: ["*"], resources: ["*"], conditions: [] }] };

/**
 * Whether policies allow a request that other ones do not allow, decided for all requests at once. Unlike the comparison of single
 * permissions, the decision takes several permissions together, and Deny, NotAction, NotResource, boundary and control policy.
 * @param broadened actions that the request is taken from if possible, see `exampleRequests`; by default, any request
 */
export function decision(after: Policies, before: Policies, broadened?: readonly ActionChange[]): Answer {
  return decisions(after, before).added(broadened);
}

/** The decision in both directions. */
export interface Decisions {
  readonly added: (broadened?: readonly ActionChange[]) => Answer;
  readonly removed: () => Answer;
}

/** Both decisions take hardly more time than one. */
export function decisions(after: Policies, before: Policies): Decisions {
  const [has, had] = [sideOf(after), sideOf(before)];
  if (has === undefined || had === undefined) {
    const side = has === undefined ? "after" : "before";
    const answer: Answer = { kind: "not-comparable", reason: `the policy ${side} the change is unknown or not a policy` };
    return { added: () => answer, removed: () => answer };
  }
  const comparison = comparisonOf(has, had);
  return { added: (broadened) => addedIn(comparison, broadened), removed: comparison.removed };
}

function addedIn(comparison: Comparison, broadened: readonly ActionChange[] | undefined): Answer {
  const answer = comparison.added(broadened && exampleRequests(broadened));
  if (answer.kind !== "new-request") {
    return answer;
  }
  const { request } = answer;
  return { ...answer, request: { ...request, action: rowOf(request.action)?.action ?? request.action } };
}

/** The same for what policies deny: a request that was denied on one side and is not denied on the other, whatever else allows it. */
export function denialDecisions(after: Policy, before: Policy): Decisions {
  const denials = (policy: Policy): Policies => ({
    identity: {
      ...policy,
      allows: FULL_ACCESS.allows,
      opaque: policy.opaque.filter(({ effect }) => effect !== "Allow"),
    },
  });
  return decisions(denials(after), denials(before));
}

/** Of whom a trust policy speaks, as a context key of the request. */
const TRUSTED = "Principal";

/**
 * The same for trust policies. Each principal is compared as it is written, because a role that is named needs no policy of its own,
 * while the account of that role does; `*` stands for every AWS principal. A Deny on principals is not compared.
 * Source: IAM user guide, "AWS JSON policy elements: Principal".
 */
export function trustDecision(after: Policy, before: Policy): Answer {
  const [has, had] = [trustOf(after), trustOf(before)];
  if (has === undefined || had === undefined) {
    return {
      kind: "not-comparable",
      reason: `the trust policy ${has === undefined ? "after" : "before"} the change has more than statements that allow a Principal`,
    };
  }
  const answer = decide({ identity: [has] }, { identity: [had] });
  if (answer.kind !== "new-request") {
    return answer;
  }
  const { action, resource, context }: DecisionRequest = answer.request;
  const shown = Object.fromEntries(Object.entries(context).map(([key, value]) => [key, value === "AWS: " ? EVERYBODY : value]));
  const known = TRUST_ACTIONS.find((name) => name.toLowerCase() === action);
  return { ...answer, request: { action: known ?? action, resource, context: shown } };
}

const TRUST_ACTIONS: readonly string[] = [
  "sts:AssumeRole",
  "sts:AssumeRoleWithSAML",
  "sts:AssumeRoleWithWebIdentity",
  "sts:SetSourceIdentity",
  "sts:TagSession",
];

/** A trust policy as an identity policy with a condition on its principals; undefined if it has anything but Allow on them. */
function trustOf({ allows, denies, opaque }: Policy): object | undefined {
  const statements = opaque.map((statement) => (statement.effect === "Allow" ? trustStatement(statement) : undefined));
  return allows.length + denies.length > 0 || statements.includes(undefined)
    ? undefined
    : { Version: "2012-10-17", Statement: statements };
}

function trustStatement(statement: OpaqueStatement): object | undefined {
  const { Principal, Condition = {}, ...rest } = statementOfText(statement);
  const { StringLike, ...others } = Condition as Readonly<Record<string, object>>;
  const principals = principalsOf(Principal);
  return principals === undefined
    ? undefined
    : { ...rest, Resource: "*", Condition: { ...others, StringLike: { ...StringLike, [TRUSTED]: principals } } };
}

const EVERYBODY = "AWS: *";

/** An account as a principal has two spellings: its number, and this one. */
const ACCOUNT_ROOT = /^arn:[a-z-]+:iam::(\d{12}):root$/;

/** Principals with their type, as patterns in which only `*` is a wildcard; undefined if they are anything but strings. */
function principalsOf(given: unknown): readonly string[] | undefined {
  const byType = Array.isArray(given) ? { AWS: given } : given;
  if (typeof byType !== "object" || byType === null) {
    return undefined;
  }
  const named = Object.entries(byType).flatMap(([type, names]) => [names].flat().map((name: unknown) => ({ type, name })));
  const principals = named.flatMap(({ type, name }) => (typeof name === "string" ? [principalOf(type, name)] : []));
  return principals.length === named.length ? principals : undefined;
}

function principalOf(type: string, name: string): string {
  const principal = `${type}: ${ACCOUNT_ROOT.exec(name)?.[1] ?? name}`;
  return principal === EVERYBODY ? principal : principal.replaceAll(/[*?$]/g, (char) => `\${${char}}`);
}

/** Undefined if a part of a policy could not be read. */
function sideOf({ identity, boundary, control }: Policies): Side | undefined {
  const given = [identity, boundary, control].filter((policy) => policy !== undefined);
  return given.every(isReadable)
    ? {
        identity: [documentOf(identity)],
        ...(boundary === undefined ? {} : { boundary: documentOf(boundary) }),
        ...(control === undefined ? {} : { controlPolicies: [[documentOf(FULL_ACCESS), documentOf(control)]] }),
      }
    : undefined;
}

function isReadable({ opaque }: Policy): boolean {
  return opaque.every(({ effect }) => effect === "Allow" || effect === "Deny");
}

function documentOf({ allows, denies, opaque, version = "2012-10-17" }: Policy): object {
  const document = {
    Version: version,
    Statement: [
      ...allows.map((permit) => statementOf("Allow", permit)),
      ...denies.map((permit) => statementOf("Deny", permit)),
      ...opaque.map(statementOfText),
    ],
  };
  return JSON.parse(JSON.stringify(document).replaceAll(ACCOUNT_REFERENCE, ACCOUNT_ID)) as object;
}

/** Its text has a list wherever a string may stand as well. */
function statementOfText({ text, effect }: OpaqueStatement): Readonly<Record<string, unknown>> {
  return { ...(JSON.parse(text) as object), Effect: effect };
}

function statementOf(effect: "Allow" | "Deny", { actions, resources, conditions }: Permit): object {
  return {
    Effect: effect,
    Action: actions,
    Resource: resources,
    ...(conditions.length === 0 ? {} : { Condition: conditionsOf(conditions) }),
  };
}

function conditionsOf(conditions: readonly Condition[]): object {
  const operators = [...new Set(conditions.map(({ operator }) => operator))];
  return Object.fromEntries(
    operators.map((operator) => [
      operator,
      Object.fromEntries(conditions.filter((other) => other.operator === operator).map(({ key, values }) => [key, values])),
    ]),
  );
}
