import { matchesAction } from "../../../../src/iam/action-patterns";
import { CATALOGUE, type CatalogueRow } from "../../../../src/iam/catalogue";
import type { Networks } from "../../../../src/iam/networks";
import { canonical, parseJson } from "../../../../src/text/json";
import { AWS_ACTIONS } from "../iam/aws-actions";
import type { ActionChange, DiffFound, Principal, Request, Scope } from "./change-rules";
import { exampleOf, existing, isInNetwork } from "./examples";
import { type Grant, type Grants, networksOf, type Policy, readGrants, uncovered } from "./grants";

/**
 * Text that is no JSON, or has a key twice or a number that is rounded, stays a string, which is
 * opaque.
 */
export function readPolicy(text: string): Policy {
  const policy = parseJson(text);
  const isWhole =
    keysIn(text) === keysIn(JSON.stringify(policy) ?? "") &&
    numbersIn(text).every((number) => String(Number(number)) === number);
  return policy !== undefined && isWhole ? policy : text;
}

const numbersIn = (json: string) =>
  json.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").match(/-?\d[\d.eE+-]*/g) ?? [];

const keysIn = (json: string) =>
  json.match(/"(?:[^"\\]|\\.)*"\s*:?/g)?.filter((string) => string.endsWith(":")).length;

interface Surplus {
  /** Whether something is allowed that the other side does not allow, or is not comparable. */
  readonly isGranted: boolean;
  readonly actions: readonly ActionChange[];
  /** Whether a Deny of the other side is missing in part; that of other networks does not count. */
  readonly isDenyWeaker: boolean;
  readonly reason?: string | undefined;
  readonly request?: Request | undefined;
}

interface NetworkChange {
  /** Empty if every network is added. */
  readonly added: readonly string[] | undefined;
  /** Empty if every network was allowed. */
  readonly removed: readonly string[] | undefined;
  /** Those after the change; empty if every network is allowed. */
  readonly only: readonly string[];
}

export interface PolicyChange {
  readonly more: Surplus;
  readonly less: Surplus;
  /** Only if policies have the Deny of this project. */
  readonly networks?: NetworkChange;
}

/**
 * Compares all identity policies of one principal: each action on each resource lies within one
 * statement of the other side, or is reported. A permission that is divided in another way counts
 * as new.
 * @param region for an example if the policies name none
 */
export function comparePolicies(
  before: readonly Policy[],
  after: readonly Policy[],
  region?: string,
): PolicyChange {
  const [old, current] = [readGrants(before, "before"), readGrants(after, "after")];
  const networks = [old, current].map(({ denies }) =>
    denies.map(networksOf).filter((each) => each !== undefined),
  );
  // Two Deny statements deny whatever one of them denies. A principal without a policy has no
  // networks.
  const isSetting =
    before.length > 0 && after.length > 0 && networks.every(({ length }) => length <= 1);
  const sides: Sides = {
    changeOf: (action) => actionChange(action, old, current),
    deniesOf: ({ denies }) => denies.filter((deny) => !isSetting || networksOf(deny) === undefined),
    region,
  };
  const [[was] = [], [is] = []] = networks;
  const [added, removed] = [addedNetworks(was, is), addedNetworks(is, was)];
  return {
    more: surplus(current, old, uncovered(current.allows, old.allows), sides),
    // A removed pattern takes nothing away if all actions stay that it matches today.
    less:
      before.length === 0
        ? NOTHING
        : surplus(old, current, uncovered(withoutPatterns(old.allows), current.allows), sides),
    ...(isSetting && { networks: { added, removed, only: outside(is) } }),
  };
}

const NOTHING: Surplus = { isGranted: false, actions: [], isDenyWeaker: false };

interface Sides {
  readonly changeOf: (action: string) => ActionChange;
  /** The Deny statements that no change of networks explains. */
  readonly deniesOf: (grants: Grants) => readonly Grant[];
  readonly region: string | undefined;
}

function surplus(
  one: Grants,
  other: Grants,
  allows: readonly Grant[],
  { changeOf, deniesOf, region }: Sides,
): Surplus {
  const lifted = uncovered(deniesOf(other), deniesOf(one));
  const [reason] = [
    ...[...one.opaque].filter(([text, { effect }]) => effect !== "Deny" && !other.opaque.has(text)),
    ...[...other.opaque].filter(
      ([text, { effect }]) => effect !== "Allow" && !one.opaque.has(text),
    ),
  ].map(([, opaque]) => opaque.reason);
  const candidates = allows.length > 0 ? allows : within(lifted, one.allows);
  const actions = allows.map(
    ({ action }) => AWS_ACTIONS.get(action.toLowerCase())?.action ?? action,
  );
  return {
    isGranted: allows.length > 0 || reason !== undefined,
    actions: [...new Set(actions)].sort().map(changeOf),
    isDenyWeaker: lifted.length > 0,
    reason,
    request: exampleOf(candidates, one, other, region),
  };
}

function within(denies: readonly Grant[], allows: readonly Grant[]): readonly Grant[] {
  const isPart = ({ action }: Grant, others: readonly Grant[]) =>
    others.some((other) => matchesAction(other.action.toLowerCase(), action.toLowerCase()));
  return [
    ...allows.filter((allow) => isPart(allow, denies)),
    ...denies.filter((deny) => isPart(deny, allows)),
  ];
}

function withoutPatterns(grants: readonly Grant[]): readonly Grant[] {
  return grants.flatMap((grant) => {
    const actions = /[*?]/.test(grant.action) ? existing(grant.action) : [];
    return actions.length === 0 ? [grant] : actions.map((action) => ({ ...grant, action }));
  });
}

/**
 * A narrowed permission requires attention: a running cluster may need it.
 * @param isNew whether the principal is new, so that nothing was denied to it
 * @param boundary ARN of a permissions boundary that stays, and whose content is unknown
 */
export function policyFindings(
  principal: Principal,
  change: PolicyChange,
  isNew = false,
  boundary?: string,
): readonly DiffFound[] {
  const { more, less, networks } = change;
  const [ofUser, ofOthers] = principal === "user" ? [networks, undefined] : [undefined, networks];
  const field = "user.allowedNetworks";
  const found: DiffFound[] = [];
  if (more.isGranted) {
    const { actions, reason, request } = more;
    const given = isNew ? { created: principal, example: request } : { request };
    const values = { principal, boundary, actions, reason, ...given };
    found.push({ rule: "permissions-broadened", principal, values });
  }
  if (more.isDenyWeaker || ofOthers?.added) {
    const request = more.isGranted ? undefined : more.request;
    found.push({ rule: "deny-weakened", principal, values: { principal, request } });
  }
  if (less.isGranted) {
    const { actions, reason } = less;
    found.push({ rule: "permissions-narrowed", principal, values: { principal, actions, reason } });
  }
  if (less.isDenyWeaker || ofOthers?.removed) {
    found.push({ rule: "deny-added", principal, values: { principal } });
  }
  if (ofUser?.added) {
    const values = { networks: ofUser.added };
    found.push({ rule: "networks-added", principal, field, values });
  }
  if (ofUser?.removed) {
    const values = { networks: ofUser.removed, only: ofUser.only };
    found.push({ rule: "networks-removed", principal, field, values });
  }
  return found;
}

/** Networks undefined: every network. */
function addedNetworks(before: Networks | undefined, after: Networks | undefined) {
  const added = outside(after, before);
  return before && (after === undefined || added.length > 0) ? added : undefined;
}

/** @param others undefined: every network */
function outside(networks: Networks | undefined, others?: Networks): readonly string[] {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = networks ?? {};
  const known = [...(others?.vpcs ?? []), ...(others?.vpcEndpoints ?? [])];
  return [
    ...cidrs.filter((cidr) => !others?.cidrs.some((other) => isInNetwork(cidr, other))),
    ...[...vpcs, ...vpcEndpoints].filter((id) => !known.includes(id)),
  ];
}

/**
 * @param file of the review pack that has the policy of the Terraform role
 * @param isUsed whether Terraform's configuration changes too
 */
export function deployerFindings(
  file: string,
  { more }: PolicyChange,
  isUsed: boolean,
): readonly DiffFound[] {
  const { actions, reason } = more;
  const principal = "Terraform role";
  if (!more.isGranted && !more.isDenyWeaker) {
    return [];
  }
  const values = { file, actions, reason };
  return isUsed
    ? [{ rule: "deployer-broadened", principal, values: { ...values, request: more.request } }]
    : [{ rule: "deployer-unused", principal, values }];
}

const ROWS: ReadonlyMap<string, CatalogueRow> = new Map(CATALOGUE.map((row) => [row.action, row]));

function actionChange(action: string, before: Grants, after: Grants): ActionChange {
  const { access = "unknown", area = "not in DKP's catalogue", why } = ROWS.get(action) ?? {};
  return {
    action,
    access,
    area,
    why,
    before: scopesOf(action, before),
    after: scopesOf(action, after),
  };
}

function scopesOf(action: string, { allows }: Grants): readonly Scope[] {
  const name = action.toLowerCase();
  const scopes = allows
    .filter((grant) => matchesAction(grant.action.toLowerCase(), name))
    .map(
      ({ resource, conditions }) =>
        [`${resource} ${canonical(conditions)}`, { resource, conditions }] as const,
    );
  return [...new Map(scopes)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, scope]) => scope);
}
