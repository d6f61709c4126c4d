import { ACTION_PATTERNS } from "../iam/action-patterns";
import { CATALOGUE, type CatalogueRow } from "../iam/catalogue";
import { coversArn, coversText } from "../iam/wildcards";
import type { ActionChange, Holder, PermissionChanges, Scope } from "./change-summary";
import { type Condition, implies, type OpaqueStatement, type Permit, type Policy } from "./policy-model";
import { allowsNothingNew } from "./proven-subset";
import { ACCOUNT_REFERENCE } from "./snapshot";

const ROWS: ReadonlyMap<string, CatalogueRow> = new Map(CATALOGUE.map((row) => [row.action.toLowerCase(), row]));

/** One resource pattern under conditions. */
interface Grant {
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

/**
 * Compares what two policies allow, action by action, in both directions. Permissions that differ are reported only if a proof that
 * nothing is new fails: it takes all requests at once, so that several permissions together can allow what one did. A Deny that is
 * gone or denies less always counts, because the principal can have other policies. What cannot be compared counts as broadened.
 */
export function policyChanges(holder: Holder, before: Policy, after: Policy): PermissionChanges {
  const { gained, loosened, lost, tightened } = singleChanges(holder, before, after);
  const isBroader = gained.length > 0 && (loosened.length > 0 || !allowsNothingNew(after, before));
  const isNarrower = lost.length > 0 && (tightened.length > 0 || !allowsNothingNew(before, after));
  return { gained: isBroader ? gained : [], lost: isNarrower ? lost : [], loosened, tightened };
}

/** The differences of single permissions: each is compared with each of the other side by itself. */
function singleChanges(holder: Holder, before: Policy, after: Policy): PermissionChanges {
  const names = actionNames([...before.allows, ...after.allows]);
  const difference = (from: Policy, to: Policy) => names.flatMap((name) => actionChange(holder, name, from, to) ?? []);
  return {
    gained: difference(before, after),
    lost: difference(after, before),
    loosened: [
      ...versionChange(before, after).map((text) => `the ${holder}: ${text}`),
      ...missingDenies(before, after).map((text) => `the ${holder}: no longer denied, or denied less: ${text}`),
      ...unlike(after.opaque, before.opaque, "Deny").map((text) => `the ${holder}: new, compared as a whole: ${text}`),
      ...unlike(before.opaque, after.opaque, "Allow").map((text) => `the ${holder}: gone, compared as a whole: ${text}`),
    ],
    tightened: [
      ...missingDenies(after, before).map((text) => `the ${holder}: now denied, or denied more: ${text}`),
      ...only("Deny", after.opaque, before.opaque).map((text) => `the ${holder}: new: ${text}`),
      ...only("Allow", before.opaque, after.opaque).map((text) => `the ${holder}: gone: ${text}`),
    ],
  };
}

const EXACT_PATTERNS: ReadonlySet<string> = new Set(Object.keys(ACTION_PATTERNS).map((pattern) => pattern.toLowerCase()));

function versionChange({ version: had }: Policy, { version: has }: Policy): readonly string[] {
  return had === undefined || has === undefined || had === has
    ? []
    : [`the policy's Version changes from ${had} to ${has}, and with it what policy variables mean: not comparable`];
}

/** All actions that policies name, and those of the catalogue that their wildcards match; sorted. */
function actionNames(permits: readonly Permit[]): readonly string[] {
  const named = new Set(permits.flatMap(({ actions }) => actions));
  const wild = [...named].filter((name) => /[*?]/.test(name));
  const matched = [...ROWS.keys()].filter((name) => wild.some((pattern) => coversText(pattern, name)));
  // Patterns of this project stand for exactly the actions that they match.
  const others = [...named].filter((name) => !EXACT_PATTERNS.has(name));
  return [...new Set([...others, ...matched])].sort();
}

function actionChange(holder: Holder, name: string, from: Policy, to: Policy): ActionChange | undefined {
  const had = grantsOf(from.allows, name);
  const has = grantsOf(to.allows, name);
  const where = has.filter((grant) => !had.some((other) => includes(other, grant)));
  if (where.length === 0) {
    return undefined;
  }
  const row = ROWS.get(name);
  return {
    holder,
    action: row?.action ?? name,
    access: row?.access ?? "unknown",
    area: row?.area ?? "not in DKP's catalogue",
    // The catalogue tells what DKP does with its key; nodes do less.
    ...(row === undefined || holder !== "user" ? {} : { why: row.why }),
    where: scopes(where),
    otherwise: scopes(had),
  };
}

/** Where permits allow everything that an action, or a pattern of actions, stands for. */
export function grantsOf(permits: readonly Permit[], name: string): readonly Grant[] {
  return permits
    .filter(({ actions }) => actions.some((action) => coversText(action, name)))
    .flatMap(({ resources, conditions }) => resources.map((resource) => ({ resource, conditions })));
}

export function includes(wide: Grant, narrow: Grant): boolean {
  return (
    coversArn(wide.resource, narrow.resource) &&
    wide.conditions.every((condition) => narrow.conditions.some((other) => implies(other, condition)))
  );
}

/** In words, without what another one says already. */
function scopes(grants: readonly Grant[]): readonly Scope[] {
  const telling = grants.filter(
    (grant, at) =>
      !grants.some((other, place) => place !== at && includes(other, grant) && (place < at || !includes(grant, other))),
  );
  return telling
    .map(({ resource, conditions }) => ({
      resource: resource.replaceAll(ACCOUNT_REFERENCE, "ACCOUNT_ID"),
      onlyIf: conditions.map(inWords).sort(),
    }))
    .sort((one, other) => (one.resource < other.resource ? -1 : 1));
}

/** `StringEquals` is what people mean by "is". */
function inWords({ operator, key, values }: Condition): string {
  return `${key} ${operator === "StringEquals" ? "is" : operator} ${values.join(" or ")}`;
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
        `${actions.join(", ")} on ${resources.join(", ")}${conditions.map((condition) => `, only if ${inWords(condition)}`).join("")}`,
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
export function together(...changes: readonly PermissionChanges[]): PermissionChanges {
  return {
    gained: changes.flatMap(({ gained }) => gained),
    lost: changes.flatMap(({ lost }) => lost),
    loosened: changes.flatMap(({ loosened }) => loosened),
    tightened: changes.flatMap(({ tightened }) => tightened),
  };
}
