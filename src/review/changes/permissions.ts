import { listOf, objectOf } from "./json";
import { NO_POLICY, type Policy } from "./policies";
import { policyChanges, together } from "./policy-changes";
import type { PermissionChanges } from "./report";
import { ADDRESSES, attribute, isOurs, KEY_ADDRESSES, NODE_ATTACHMENT, reference, type Snapshot, UNKNOWN } from "./snapshot";

/** What a change does to what the user and the node role may do. */
export function permissionChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  return together(
    userChanges(before, after),
    policyChanges("node role", before.nodePolicy ?? NO_POLICY, after.nodePolicy ?? NO_POLICY),
    trustChanges(before.nodeTrust, after.nodeTrust),
    managedPolicyChanges(before, after),
    boundaryChanges("user", ADDRESSES.user, before, after),
    boundaryChanges("node role", ADDRESSES.nodeRole, before, after),
    reachChanges(before, after),
    holderChanges(before, after),
    strangerChanges(before, after),
  );
}

/** The ways by which the user has the policy. */
export function routes({ resources }: Snapshot): { readonly user: boolean; readonly group: boolean } {
  return {
    user: resources.has(ADDRESSES.userAttachment),
    group: resources.has(ADDRESSES.groupAttachment) && resources.has(ADDRESSES.membership),
  };
}

function hasRoute(snapshot: Snapshot): boolean {
  const { user, group } = routes(snapshot);
  return user || group;
}

/** A plan for some addresses alone says nothing of attachments: what is on neither side is taken to stay as it is. */
function userChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  const neither = !hasRoute(before) && !hasRoute(after);
  const held = (snapshot: Snapshot): Policy => (neither || hasRoute(snapshot) ? (snapshot.userPolicy ?? NO_POLICY) : NO_POLICY);
  return policyChanges("user", held(before), held(after));
}

function trustChanges(before: Policy | undefined, after: Policy | undefined): PermissionChanges {
  const { loosened, tightened } = policyChanges("node role", before ?? NO_POLICY, after ?? NO_POLICY);
  const named = (text: string) => text.replace("the node role:", "who may take the node role:");
  return { gained: [], lost: [], loosened: loosened.map(named), tightened: tightened.map(named) };
}

/** Policies attached to the node role: what is in them is not known here. */
function managedPolicyChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  const [had, has] = [before, after].map(
    ({ resources }) =>
      new Set(
        [...resources]
          .filter(([address]) => NODE_ATTACHMENT.test(address))
          .map(([, { attributes }]) => String(attributes.policy_arn)),
      ),
  ) as [Set<string>, Set<string>];
  return {
    gained: [],
    lost: [],
    loosened: [...has]
      .filter((arn) => !had.has(arn) || arn === UNKNOWN)
      .map((arn) => `the node role: the policy ${arn} is attached, with whatever it allows`),
    tightened: [...had].filter((arn) => !has.has(arn)).map((arn) => `the node role: the policy ${arn} is detached`),
  };
}

/** What the user gets beside the policy of this project: other policies by its attachments, other groups by its membership. */
function reachChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  const known = (address: string, name: string) => listOf(before.resources.get(address)?.attributes[name]);
  const foreign = (address: string, name: string, own: readonly unknown[]) =>
    listOf(after.resources.get(address)?.attributes[name]).filter(
      (value) => ![...own, UNKNOWN, ...known(address, name)].includes(value),
    );
  const policy = [reference(`${ADDRESSES.policy}.arn`), attribute(after, ADDRESSES.policy, "arn")];
  const group = [reference(`${ADDRESSES.group}.name`), attribute(after, ADDRESSES.group, "name")];
  return {
    gained: [],
    lost: [],
    loosened: [
      ...foreign(ADDRESSES.userAttachment, "policy_arn", policy),
      ...foreign(ADDRESSES.groupAttachment, "policy_arn", policy),
    ]
      .map((arn) => `the user: the policy ${arn} is attached, with whatever it allows`)
      .concat(
        foreign(ADDRESSES.membership, "groups", group).map(
          (name) => `the user: put into the group ${name}, with whatever it allows`,
        ),
      ),
    tightened: [],
  };
}

/** By address, the argument that says whose it is, and whose it must be. */
const HOLDERS: readonly (readonly [address: string, argument: string, owner: string])[] = [
  [ADDRESSES.userAttachment, "user", ADDRESSES.user],
  [ADDRESSES.membership, "user", ADDRESSES.user],
  [KEY_ADDRESSES.primary, "user", ADDRESSES.user],
  [KEY_ADDRESSES.secondary, "user", ADDRESSES.user],
  [ADDRESSES.groupAttachment, "group", ADDRESSES.group],
  ["aws_iam_role_policy.node", "role", ADDRESSES.nodeRole],
];

/** What goes to somebody whom this project does not make: the policy, a key, the permissions of the nodes. */
function holderChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  const loosened = HOLDERS.flatMap(([address, argument, owner]) => {
    const holder = attribute(after, address, argument);
    const own = [
      UNKNOWN,
      ...["name", "id"].map((name) => reference(`${owner}.${name}`)),
      attribute(after, owner, "name"),
      attribute(before, owner, "name"),
      attribute(before, address, argument),
    ];
    return holder === undefined || own.includes(holder)
      ? []
      : [`${address}: now of ${argument} ${holder}, whom this project does not make`];
  });
  return { gained: [], lost: [], loosened, tightened: [] };
}

/** A permissions boundary only ever takes away. */
function boundaryChanges(holder: string, address: string, before: Snapshot, after: Snapshot): PermissionChanges {
  const had = attribute(before, address, "permissions_boundary");
  const has = attribute(after, address, "permissions_boundary");
  const none = { gained: [], lost: [], loosened: [], tightened: [] };
  if (had === has || !before.resources.has(address) || !after.resources.has(address)) {
    return none;
  }
  if (had === undefined) {
    return { ...none, tightened: [`the ${holder}: the permissions boundary ${has} now limits it`] };
  }
  const what = has === undefined ? `the permissions boundary ${had} goes` : `the permissions boundary ${had} gives way to ${has}`;
  return { ...none, loosened: [`the ${holder}: ${what}`] };
}

/** What this project does not make, and so can't read. */
function strangerChanges(before: Snapshot, after: Snapshot): PermissionChanges {
  const strangers = (snapshot: Snapshot) => [...snapshot.resources].filter(([address]) => !isOurs(address));
  const changed = strangers(after)
    .filter(([address, { attributes }]) => !sameAttributes(before.resources.get(address)?.attributes, attributes))
    .map(([address]) => `${address}: this project does not make it, so what it allows is not known here`);
  const gone = strangers(before)
    .filter(([address]) => !after.resources.has(address))
    .map(([address]) => `${address}: this project does not make it, so what it denied until now is not known here`);
  return { gained: [], lost: [], loosened: [...changed, ...gone], tightened: [] };
}

function sameAttributes(one: unknown, other: unknown): boolean {
  return one !== undefined && JSON.stringify(objectOf(one)) === JSON.stringify(objectOf(other));
}
