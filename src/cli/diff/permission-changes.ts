import type { Answer } from "../../decision/model";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../../terraform/addresses";
import type { PermissionChanges } from "./change-summary";
import { listOf, nameOf, objectOf } from "./json-values";
import { argumentChanges } from "./known-arguments";
import { isOwn, knownOwn } from "./ownership";
import { combined, evidenceOf, type Limits, policyChanges } from "./policy-comparison";
import { decision, FULL_ACCESS, trustDecision } from "./policy-decision";
import { NO_POLICY, type Policy, readPolicy, union } from "./policy-model";
import { attribute, isOurs, type Snapshot, UNKNOWN } from "./snapshot";

/** Changes of the permissions of the user and the node role. */
export function permissionChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  return combined(
    userChanges(before, after),
    policyChanges(
      "node role",
      before.nodePolicy ?? NO_POLICY,
      after.nodePolicy ?? NO_POLICY,
      limitsOf(ADDRESSES.nodeRole, before, after),
    ),
    trustChanges("node role", "the node role", before.nodeTrust, after.nodeTrust),
    managedPolicyChanges(before, after),
    boundaryChanges("user", ADDRESSES.user, before, after),
    boundaryChanges("node role", ADDRESSES.nodeRole, before, after),
    reachChanges(before, after),
    principalChanges(before, after),
    externalChanges(before, after),
    argumentChanges(before, after),
  );
}

/** By argument of an attachment or membership, the address of what it must name, and by which attribute. */
type Links = Readonly<Record<"user" | "group" | "groups" | "policy_arn", readonly [owner: string, identity: string]>>;

/** The ways by which the user has a policy of the deployment: attachments of that policy to the own user or group. */
export function routes(snapshot: Snapshot, number: number): { readonly user: boolean; readonly group: boolean } {
  const owners: Links = {
    user: [ADDRESSES.user, "name"],
    group: [ADDRESSES.group, "name"],
    groups: [ADDRESSES.group, "name"],
    policy_arn: [policyAddress("policy", number), "arn"],
  };
  const links = (address: string, ...names: readonly (keyof Links)[]) =>
    snapshot.resources.has(address) && names.every((name) => !isExternal(snapshot, address, name, owners[name]));
  return {
    user: links(policyAddress("userAttachment", number), "user", "policy_arn"),
    group:
      links(policyAddress("groupAttachment", number), "group", "policy_arn") && links(ADDRESSES.membership, "user", "groups"),
  };
}

/** Whether an argument is known to name only what this project does not create. */
function isExternal(snapshot: Snapshot, address: string, name: string, [owner, identity]: Links["user"]): boolean {
  const own = attribute(snapshot, owner, identity);
  const values = valuesOf(snapshot, address, name);
  return (
    own !== undefined &&
    own !== UNKNOWN &&
    !values.includes(UNKNOWN) &&
    !values.some((value) => knownOwn(snapshot, owner, identity, value))
  );
}

function hasRoute(snapshot: Snapshot, number: number): boolean {
  const { user, group } = routes(snapshot, number);
  return snapshot.resources.has(ADDRESSES.user) && (user || group);
}

/** A plan for some addresses alone says nothing of attachments: what is on neither side is taken to stay as it is. */
function userChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  const held = (snapshot: Snapshot): Policy =>
    union(
      [...snapshot.userPolicies].flatMap(([number, policy]) => {
        const neither = !hasRoute(before, number) && !hasRoute(after, number);
        return neither || hasRoute(snapshot, number) ? [policy] : [];
      }),
    );
  return policyChanges("user", held(before), held(after), limitsOf(ADDRESSES.user, before, after));
}

/**
 * Trust policies are read statement by statement, each as a whole.
 * @param role how the lines call the role
 */
export function trustChanges(
  principal: "node role" | "deployer",
  role: string,
  before: Policy = NO_POLICY,
  after: Policy = NO_POLICY,
): Partial<PermissionChanges> {
  const without = (some: Policy, others: Policy) =>
    some.opaque.filter(({ text }) => !others.opaque.some((other) => other.text === text));
  const [isNew, isGone] = [without(after, before), without(before, after)];
  const lines = (what: string, statements: Policy["opaque"], wanted: (effect: string) => boolean) =>
    statements.filter(({ effect }) => wanted(effect)).map(({ text }) => `who may assume ${role}: ${what}: ${text}`);
  const gains = [
    ...lines("new, compared as a whole", isNew, (effect) => effect !== "Deny"),
    ...lines("removed, compared as a whole", isGone, (effect) => effect !== "Allow"),
  ];
  const losses = [
    ...lines("new", isNew, (effect) => effect === "Deny"),
    ...lines("removed", isGone, (effect) => effect === "Allow"),
  ];
  const gained: Answer = gains.length === 0 ? { kind: "nothing-new" } : trustDecision(after, before);
  return {
    otherBroadened: gained.kind === "nothing-new" ? [] : gains,
    otherNarrowed: losses.length > 0 && trustDecision(before, after).kind !== "nothing-new" ? losses : [],
    evidence: evidenceOf({ principal, policy: "trust policy" }, gained),
  };
}

/** Policies attached to roles at the addresses for the node role: what is in them is not known here. */
function managedPolicyChanges(before: Snapshot, after: Snapshot): Partial<PermissionChanges> {
  const [had, has] = [attachedPolicies(before), attachedPolicies(after)];
  const known = new Set(had.map(({ pair }) => pair));
  const kept = new Set(has.map(({ pair }) => pair));
  return {
    otherBroadened: has
      .filter(({ pair, certain }) => !known.has(pair) || !certain)
      .map(({ to, arn }) => `${to}: the policy ${arn} is attached; its permissions are not compared`),
    otherNarrowed: had.filter(({ pair }) => !kept.has(pair)).map(({ to, arn }) => `${to}: the policy ${arn} is detached`),
  };
}

interface AttachedPolicy {
  /** The same for the same policy on the same role; the node role counts as one, whatever its name. */
  readonly pair: string;
  readonly to: string;
  readonly arn: string;
  /** Whether both role and ARN are known. */
  readonly certain: boolean;
}

function attachedPolicies(snapshot: Snapshot): readonly AttachedPolicy[] {
  return [...snapshot.resources]
    .filter(([address]) => isNodeAttachment(address))
    .map(([address, { attributes }]) => {
      const own = isOwn(snapshot, address, "role", ADDRESSES.nodeRole, ["name", "id"], attributes.role);
      const [role, arn] = [nameOf(attributes.role), nameOf(attributes.policy_arn)];
      const to = own ? "the node role" : `the role ${role}, which this project does not create`;
      return { pair: JSON.stringify([to, arn]), to, arn, certain: arn !== UNKNOWN && (own || role !== UNKNOWN) };
    });
}

/** Other policies in the attachments of this project, and other groups in the membership. */
function reachChanges(before: Snapshot, after: Snapshot): Partial<PermissionChanges> {
  const external = (address: string, name: string, owner: string, identity: string) =>
    valuesOf(after, address, name).filter(
      (value) => !keptAt(before, address, name, value) && !isOwn(after, address, name, owner, [identity], value),
    );
  return {
    otherBroadened: attachments(after)
      .flatMap(({ address, policy }) => external(address, "policy_arn", policy, "arn"))
      .map((arn) => `the user: the policy ${arn} is attached; its permissions are not compared`)
      .concat(
        external(ADDRESSES.membership, "groups", ADDRESSES.group, "name").map(
          (name) => `the user: added to the group ${name}; its permissions are not compared`,
        ),
      ),
  };
}

function valuesOf({ resources }: Snapshot, address: string, name: string): readonly unknown[] {
  return listOf(resources.get(address)?.attributes[name]);
}

/** Whether a value stays. One that is known only after the apply may be another one each time. */
function keptAt(before: Snapshot, address: string, name: string, value: unknown): boolean {
  return value !== UNKNOWN && valuesOf(before, address, name).includes(value);
}

type Ownership = readonly [address: string, argument: string, owner: string];

/** The attachments of the managed policies, to the user and to the group. */
function attachments({ resources }: Snapshot) {
  return [...resources.keys()].flatMap((address) => {
    const { what, number = 1 } = policyOfAddress(address) ?? {};
    const policy = policyAddress("policy", number);
    const toUser: Ownership = [address, "user", ADDRESSES.user];
    const toGroup: Ownership = [address, "group", ADDRESSES.group];
    if (what === "userAttachment") {
      return [{ address, policy, principal: toUser }];
    }
    return what === "groupAttachment" ? [{ address, policy, principal: toGroup }] : [];
  });
}

/** By address, the argument that names its principal, and the resource that it must name. */
const PRINCIPALS: readonly Ownership[] = [
  [ADDRESSES.membership, "user", ADDRESSES.user],
  [KEY_ADDRESSES.primary, "user", ADDRESSES.user],
  [KEY_ADDRESSES.secondary, "user", ADDRESSES.user],
  [ADDRESSES.nodePolicy, "role", ADDRESSES.nodeRole],
];

/** Policies and keys whose principal this project does not create. */
function principalChanges(before: Snapshot, after: Snapshot): Partial<PermissionChanges> {
  const principals = [...attachments(after).map(({ principal }) => principal), ...PRINCIPALS];
  const otherBroadened = principals.flatMap(([address, argument, owner]) => {
    const principal = attribute(after, address, argument);
    return principal === undefined ||
      keptAt(before, address, argument, principal) ||
      isOwn(after, address, argument, owner, ["name", "id"], principal)
      ? []
      : [`${address}: ${argument} is now ${principal}, which this project does not create`];
  });
  return { otherBroadened };
}

/** What limits a principal on both sides. A boundary that is not the same ARN, and not known in full, limits nothing here. */
function limitsOf(address: string, before: Snapshot, after: Snapshot): Limits {
  const [had, has] = [before, after].map((snapshot) => attribute(snapshot, address, "permissions_boundary"));
  const [hadContent, hasContent] = [before, after].map((snapshot) => contentOfBoundary(snapshot, address));
  if (hadContent !== undefined && hasContent !== undefined) {
    return { boundaries: [hadContent, hasContent] };
  }
  return { boundary: had === has && has !== UNKNOWN ? has : undefined };
}

/** The content of a boundary that is a policy of the same configuration; undefined if it is elsewhere. */
function contentOfBoundary(snapshot: Snapshot, address: string): Policy | undefined {
  const arn = attribute(snapshot, address, "permissions_boundary");
  const found = [...snapshot.resources].find(
    ([owner, { type }]) => type === "aws_iam_policy" && arn !== undefined && knownOwn(snapshot, owner, "arn", arn),
  );
  const text = found === undefined ? undefined : attribute(snapshot, found[0], "policy");
  return text === undefined ? undefined : readPolicy(text);
}

/** A permissions boundary only narrows permissions. */
function boundaryChanges(
  principal: "user" | "node role",
  address: string,
  before: Snapshot,
  after: Snapshot,
): Partial<PermissionChanges> {
  const had = attribute(before, address, "permissions_boundary");
  const has = attribute(after, address, "permissions_boundary");
  if (has === UNKNOWN) {
    return { otherBroadened: [`the ${principal}: its permissions boundary is ${UNKNOWN}, so what it allows is not comparable`] };
  }
  if (had === has || !before.resources.has(address) || !after.resources.has(address)) {
    return {};
  }
  if (had === undefined) {
    return { otherNarrowed: [`the ${principal}: the permissions boundary ${has} now limits its permissions`] };
  }
  const what =
    has === undefined ? `the permissions boundary ${had} is removed` : `the permissions boundary ${had} is replaced by ${has}`;
  const hadContent = contentOfBoundary(before, address);
  const hasContent = has === undefined ? FULL_ACCESS : contentOfBoundary(after, address);
  const answer: Answer =
    hadContent === undefined || hasContent === undefined
      ? {
          kind: "not-comparable",
          reason: `the content of ${hadContent === undefined ? had : has} is not part of what is compared`,
        }
      : decision({ identity: hasContent }, { identity: hadContent });
  return answer.kind === "nothing-new"
    ? { otherNarrowed: [`the ${principal}: ${what}, which allows nothing new`] }
    : {
        otherBroadened: [`the ${principal}: ${what}`],
        evidence: evidenceOf({ principal, policy: "permissions boundary" }, answer),
      };
}

/** Resources that this project does not create, and whose permissions are therefore unknown. */
function externalChanges(before: Snapshot, after: Snapshot): Partial<PermissionChanges> {
  const externalResources = (snapshot: Snapshot) => [...snapshot.resources].filter(([address]) => !isOurs(address));
  const changed = externalResources(after)
    .filter(([address, { attributes }]) => !sameAttributes(before.resources.get(address)?.attributes, attributes))
    .map(([address]) => `${address}: not created by this project, so what it allows is unknown`);
  const gone = externalResources(before)
    .filter(([address]) => !after.resources.has(address))
    .map(([address]) => `${address}: not created by this project, so what it denied is unknown`);
  return { otherBroadened: [...changed, ...gone] };
}

function sameAttributes(one: unknown, other: unknown): boolean {
  return one !== undefined && JSON.stringify(objectOf(one)) === JSON.stringify(objectOf(other));
}
