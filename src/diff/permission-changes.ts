import { ADDRESSES, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../terraform/addresses";
import type { PermissionChanges } from "./change-summary";
import { listOf, objectOf } from "./json-values";
import { argumentChanges } from "./known-arguments";
import { isOwn, knownOwn } from "./ownership";
import { combined, policyChanges } from "./policy-comparison";
import { NO_POLICY, type Policy, union } from "./policy-model";
import { attribute, isOurs, NODE_ATTACHMENT, type Snapshot, UNKNOWN } from "./snapshot";

/** Changes of the permissions of the user and the node role. */
export function permissionChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  return combined(
    userChanges(before, after),
    policyChanges("node role", before.nodePolicy ?? NO_POLICY, after.nodePolicy ?? NO_POLICY),
    trustChanges(before.nodeTrust, after.nodeTrust),
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
  return user || group;
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
  return policyChanges("user", held(before), held(after));
}

function trustChanges(before: Policy | undefined, after: Policy | undefined): Partial<PermissionChanges> {
  const { otherBroadened, otherNarrowed } = policyChanges("node role", before ?? NO_POLICY, after ?? NO_POLICY);
  const named = (text: string) => text.replace("the node role:", "who may assume the node role:");
  return { otherBroadened: otherBroadened.map(named), otherNarrowed: otherNarrowed.map(named) };
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
    .filter(([address]) => NODE_ATTACHMENT.test(address))
    .map(([address, { attributes }]) => {
      const own = isOwn(snapshot, address, "role", ADDRESSES.nodeRole, ["name", "id"], attributes.role);
      const [role, arn] = [String(attributes.role), String(attributes.policy_arn)];
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

/** A permissions boundary only narrows permissions. */
function boundaryChanges(principal: string, address: string, before: Snapshot, after: Snapshot): Partial<PermissionChanges> {
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
  return { otherBroadened: [`the ${principal}: ${what}`] };
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
