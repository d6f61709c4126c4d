import type { Answer } from "../../decision/model";
import { ACTION_PATTERNS } from "../../iam/action-patterns";
import { ACCOUNT_ID } from "../../iam/arns";
import { CATALOGUE } from "../../iam/catalogue";
import { coversArn, coversText, hasWildcard } from "../../iam/wildcards";
import type { ActionChange, Evidence, EvidenceSubject, PermissionChanges, Principal, Scope } from "./change-summary";
import { rowOf } from "./example-requests";
import { type Decisions, decisions, denialDecisions } from "./policy-decision";
import { type Condition, implies, type OpaqueStatement, type Permit, type Policy } from "./policy-model";
import { ACCOUNT_REFERENCE } from "./snapshot";

/** One resource pattern under conditions. */
interface Grant {
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

/** What limits a principal beside its own policies. */
export interface Limits {
  /** Content of the permissions boundary before and after; both are known, or none. */
  readonly boundaries?: readonly [before: Policy, after: Policy] | undefined;
  /** ARN of a permissions boundary that stays, and whose content is unknown. */
  readonly boundary?: string | undefined;
}

/**
 * Compares what two policies allow, action by action, in both directions. What differs is reported only if a proof that nothing is new
 * fails: it takes all requests at once, so that several permissions together can allow what one did. A Deny that is gone or denies less
 * counts whatever the policy allows, because the principal can have other policies. What cannot be compared counts as broadened.
 */
export function policyChanges(
  principal: Principal,
  before: Policy,
  after: Policy,
  { boundaries, boundary }: Limits = {},
): PermissionChanges {
  const had = { identity: before, boundary: boundaries?.[0] };
  const has = { identity: after, boundary: boundaries?.[1] };
  const { broadened, narrowed, version, newAllows, goneAllows, goneDenials, newDenials } = singleChanges(
    principal,
    before,
    after,
  );
  const mayBeBroader = broadened.length + newAllows.length > 0;
  const mayBeNarrower = narrowed.length + goneAllows.length > 0;
  const ofAllows = mayBeBroader || mayBeNarrower ? decisions(has, had) : UNCHANGED;
  const ofDenials = goneDenials.length + newDenials.length > 0 ? denialDecisions(after, before) : UNCHANGED;
  const allowed = mayBeBroader ? ofAllows.added(broadened) : NOTHING_NEW;
  const denied = goneDenials.length > 0 ? ofDenials.added() : NOTHING_NEW;
  const isBroader = allowed.kind !== "nothing-new";
  const isNarrower = mayBeNarrower && ofAllows.removed().kind !== "nothing-new";
  const deniesMore = newDenials.length > 0 && ofDenials.removed().kind !== "nothing-new";
  const lines = (texts: readonly string[]) => texts.map((text) => `the ${principal}: ${text}`);
  return {
    broadened: isBroader ? broadened : [],
    narrowed: isNarrower ? narrowed : [],
    otherBroadened: lines([...version, ...(denied.kind === "nothing-new" ? [] : goneDenials), ...(isBroader ? newAllows : [])]),
    otherNarrowed: lines([...(deniesMore ? newDenials : []), ...(isNarrower ? goneAllows : [])]),
    evidence: [
      ...evidenceOf({ principal, ...(boundary === undefined ? {} : { boundary }) }, allowed),
      ...evidenceOf({ principal, policy: "Deny statements" }, allowed.kind === "new-request" ? NOTHING_NEW : denied),
    ],
  };
}

const NOTHING_NEW: Answer = { kind: "nothing-new" };
const UNCHANGED: Decisions = { added: () => NOTHING_NEW, removed: () => NOTHING_NEW };

/** What the decision procedure shows about a policy that is broadened. */
export function evidenceOf(subject: EvidenceSubject, answer: Answer): readonly Evidence[] {
  if (answer.kind === "nothing-new") {
    return [];
  }
  if (answer.kind === "new-request") {
    return [{ ...subject, ...answer }];
  }
  const { kind, statement, reason } = answer;
  const of = statement === undefined ? "" : `a statement of the policy ${statement.side} the change `;
  return [{ ...subject, kind, reason: `${of}${reason}` }];
}

/** The differences of single permissions and statements: each is compared with each of the other side by itself. */
function singleChanges(principal: Principal, before: Policy, after: Policy) {
  const names = actionNames([...before.allows, ...after.allows]);
  const difference = (from: Policy, to: Policy) => names.flatMap((name) => actionChange(principal, name, from, to) ?? []);
  return {
    broadened: difference(before, after),
    narrowed: difference(after, before),
    version: versionChange(before, after),
    newAllows: unlike(after.opaque, before.opaque, "Deny").map((text) => `new, compared as a whole: ${text}`),
    goneAllows: only("Allow", before.opaque, after.opaque).map((text) => `removed: ${text}`),
    goneDenials: [
      ...missingDenies(before, after).map((text) => `a Deny is removed or narrowed: ${text}`),
      ...unlike(before.opaque, after.opaque, "Allow").map((text) => `removed, compared as a whole: ${text}`),
    ],
    newDenials: [
      ...missingDenies(after, before).map((text) => `a Deny is added or broadened: ${text}`),
      ...only("Deny", after.opaque, before.opaque).map((text) => `new: ${text}`),
    ],
  };
}

const EXACT_PATTERNS: ReadonlySet<string> = new Set(Object.keys(ACTION_PATTERNS).map((pattern) => pattern.toLowerCase()));

function versionChange({ version: had }: Policy, { version: has }: Policy): readonly string[] {
  return had === undefined || has === undefined || had === has
    ? []
    : [`the policy's Version changes from ${had} to ${has}, which changes the meaning of policy variables: not comparable`];
}

/** All actions that policies name, and those of the catalogue that their wildcards match; sorted. */
function actionNames(permits: readonly Permit[]): readonly string[] {
  const named = new Set(permits.flatMap(({ actions }) => actions));
  const wild = [...named].filter((name) => /[*?]/.test(name));
  const matched = CATALOGUE.map(({ action }) => action.toLowerCase()).filter((name) =>
    wild.some((pattern) => coversText(pattern, name)),
  );
  // Patterns of this project stand for exactly the actions that they match.
  const others = [...named].filter((name) => !EXACT_PATTERNS.has(name));
  return [...new Set([...others, ...matched])].sort();
}

function actionChange(principal: Principal, name: string, from: Policy, to: Policy): ActionChange | undefined {
  const had = grantsOf(from.allows, name);
  const has = grantsOf(to.allows, name);
  const added = has.filter((grant) => !had.some((other) => includes(other, grant)));
  if (added.length === 0) {
    return undefined;
  }
  const row = rowOf(name);
  return {
    principal,
    action: row?.action ?? name,
    access: row?.access ?? "unknown",
    area: row?.area ?? "not in DKP's catalogue",
    // The catalogue describes what DKP does with its key; nodes do less.
    ...(row === undefined || principal !== "user" ? {} : { why: row.why }),
    scopes: scopesOf(added),
    otherSide: scopesOf(had),
  };
}

/** Where permits allow everything that an action, or a pattern of actions, stands for. */
export function grantsOf(permits: readonly Permit[], name: string): readonly Grant[] {
  return permits
    .filter((permit) => {
      const { names, patterns } = actionsOf(permit);
      return names.has(name) || patterns.some((pattern) => coversText(pattern, name));
    })
    .flatMap(({ resources, conditions }) => resources.map((resource) => ({ resource, conditions })));
}

interface Actions {
  readonly names: ReadonlySet<string>;
  /** Those that match more than one name. */
  readonly patterns: readonly string[];
}

/** Each permit is looked up for each action that two policies name. */
const ACTIONS = new WeakMap<Permit, Actions>();

function actionsOf(permit: Permit): Actions {
  const known = ACTIONS.get(permit);
  if (known !== undefined) {
    return known;
  }
  const actions = { names: new Set(permit.actions), patterns: permit.actions.filter(hasWildcard) };
  ACTIONS.set(permit, actions);
  return actions;
}

export function includes(wide: Grant, narrow: Grant): boolean {
  return (
    coversArn(wide.resource, narrow.resource) &&
    wide.conditions.every((condition) => narrow.conditions.some((other) => implies(other, condition)))
  );
}

/** Scopes as people read them, without those that another one includes. */
function scopesOf(grants: readonly Grant[]): readonly Scope[] {
  const widest = grants.filter(
    (grant, at) =>
      !grants.some((other, index) => index !== at && includes(other, grant) && (index < at || !includes(grant, other))),
  );
  return widest
    .map(({ resource, conditions }) => ({
      resource: resource.replaceAll(ACCOUNT_REFERENCE, ACCOUNT_ID),
      conditions: conditions.map(conditionText).sort(),
    }))
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
}

/** Several scopes can have the same resource. */
function orderOf({ resource, conditions }: { readonly resource: string; readonly conditions: readonly string[] }): string {
  return JSON.stringify([resource, conditions]);
}

/** A condition as people read it; "is" stands for `StringEquals`. */
function conditionText({ operator, key, values }: Condition): string {
  return `${key} ${operator === "StringEquals" ? "is" : operator} ${values.join(" or ")}`.replaceAll(
    ACCOUNT_REFERENCE,
    ACCOUNT_ID,
  );
}

/** Denials of one side that the other has not in full. */
function missingDenies(from: Policy, to: Policy): readonly string[] {
  return from.denies
    .filter(
      ({ actions, resources, conditions }) =>
        !actions.every((action) => {
          const denied = grantsOf(to.denies, action);
          return resources.every((resource) => denied.some((other) => includes(other, { resource, conditions })));
        }),
    )
    .map(
      ({ actions, resources, conditions }) =>
        `${actions.join(", ")} on ${resources.join(", ")}${conditions.map((condition) => `, only if ${conditionText(condition)}`).join("")}`,
    );
}

/** Statements of one side that the other lacks, but for those of one effect. */
function unlike(from: readonly OpaqueStatement[], to: readonly OpaqueStatement[], harmless: string): readonly string[] {
  return missing(from, to)
    .filter(({ effect }) => effect !== harmless)
    .map(({ text }) => text);
}

function only(wanted: string, from: readonly OpaqueStatement[], to: readonly OpaqueStatement[]): readonly string[] {
  return missing(from, to)
    .filter(({ effect }) => effect === wanted)
    .map(({ text }) => text);
}

function missing(from: readonly OpaqueStatement[], to: readonly OpaqueStatement[]): readonly OpaqueStatement[] {
  const known = new Set(to.map(({ text }) => text));
  return from.filter(({ text }) => !known.has(text));
}

/** What several comparisons found, as one. */
export function combined(...changes: readonly Partial<PermissionChanges>[]): PermissionChanges {
  return {
    broadened: changes.flatMap(({ broadened = [] }) => broadened),
    narrowed: changes.flatMap(({ narrowed = [] }) => narrowed),
    otherBroadened: changes.flatMap(({ otherBroadened = [] }) => otherBroadened),
    otherNarrowed: changes.flatMap(({ otherNarrowed = [] }) => otherNarrowed),
    evidence: changes.flatMap(({ evidence = [] }) => evidence),
  };
}
