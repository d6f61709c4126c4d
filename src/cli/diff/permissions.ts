import type { Answer } from "../../decision/model";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../../terraform/addresses";
import { canonical, listOf, nameOf } from "./json-values";
import { argumentFindings } from "./known-arguments";
import { isOwn, knownOwn } from "./ownership";
import {
  comparePolicies,
  decisions,
  evidenceOf,
  FULL_ACCESS,
  type Limits,
  type Policy,
  policyFindings,
  readPolicy,
  trustComparison,
} from "./policies";
import type { DiffFound, Principal } from "./rules";
import { attribute, isOurs, type Snapshot, UNKNOWN } from "./snapshot";

/** Changes of the permissions of the user and the node role. */
export function permissionFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  return [
    ...ofPrincipal(
      "user",
      ADDRESSES.user,
      userPolicies(before, before, after),
      userPolicies(after, before, after),
      before,
      after,
    ),
    ...ofPrincipal("node role", ADDRESSES.nodeRole, listOf(before.nodePolicy), listOf(after.nodePolicy), before, after),
    ...trustFindings("the node role", before.nodeTrust, after.nodeTrust),
    ...managedPolicyFindings(before, after),
    ...boundaryFindings("user", ADDRESSES.user, before, after),
    ...boundaryFindings("node role", ADDRESSES.nodeRole, before, after),
    ...reachFindings(before, after),
    ...principalFindings(before, after),
    ...externalFindings(before, after),
    ...argumentFindings(before, after),
  ];
}

function ofPrincipal(
  principal: Principal,
  address: string,
  had: readonly Policy[],
  has: readonly Policy[],
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  const limits = limitsOf(address, before, after);
  return policyFindings(principal, comparePolicies(had, has, limits), limits.boundary);
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

/** What the user has on one side. A plan for some addresses alone says nothing of attachments: what is on neither side is taken to stay. */
function userPolicies(side: Snapshot, before: Snapshot, after: Snapshot): readonly Policy[] {
  return [...side.userPolicies].flatMap(([number, policy]) => {
    const neither = !hasRoute(before, number) && !hasRoute(after, number);
    return neither || hasRoute(side, number) ? [policy] : [];
  });
}

function hasRoute(snapshot: Snapshot, number: number): boolean {
  const { user, group } = routes(snapshot, number);
  return snapshot.resources.has(ADDRESSES.user) && (user || group);
}

/** Changes of who may assume a role. @param role how the findings call it */
export function trustFindings(role: string, before: Policy | undefined, after: Policy | undefined): readonly DiffFound[] {
  if (canonical(before) === canonical(after)) {
    return [];
  }
  const nobody = { Version: "2012-10-17", Statement: [] };
  const { added, removed } = trustComparison(before ?? nobody, after ?? nobody);
  const [more, less] = [added(), removed()];
  return [
    ...(more.kind === "nothing-new" ? [] : [{ rule: "trust-broadened", values: { role, ...evidenceOf(more) } } as const]),
    ...(less.kind === "new-request"
      ? [{ rule: "limits-strengthened", values: { what: `who may assume ${role}: fewer principals or requests` } } as const]
      : []),
  ];
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

/** Policies attached to roles at the addresses for the node role: what is in them is not known here. */
function managedPolicyFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const [had, has] = [attachedPolicies(before), attachedPolicies(after)];
  const [known, kept] = [had, has].map((some) => new Set(some.map(({ pair }) => pair)));
  return [
    ...has
      .filter(({ pair, certain }) => !known?.has(pair) || !certain)
      .map(({ to, arn }): DiffFound => ({ rule: "policy-attached", principal: "node role", values: { to, arn } })),
    ...had
      .filter(({ pair }) => !kept?.has(pair))
      .map(
        ({ to, arn }): DiffFound => ({ rule: "limits-strengthened", values: { what: `${to}: the policy ${arn} is detached` } }),
      ),
  ];
}

/** Other policies in the attachments of this project, and other groups in the membership. */
function reachFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const external = (address: string, name: string, owner: string, identity: string) =>
    valuesOf(after, address, name).filter(
      (value) => !keptAt(before, address, name, value) && !isOwn(after, address, name, owner, [identity], value),
    );
  return [
    ...attachments(after).flatMap(({ address, policy }) =>
      external(address, "policy_arn", policy, "arn").map(
        (arn): DiffFound => ({
          rule: "policy-attached",
          principal: "user",
          address,
          values: { to: "the user", arn: nameOf(arn) },
        }),
      ),
    ),
    ...external(ADDRESSES.membership, "groups", ADDRESSES.group, "name").map(
      (group): DiffFound => ({ rule: "group-joined", principal: "user", values: { group: nameOf(group) } }),
    ),
  ];
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
function principalFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const principals = [...attachments(after).map(({ principal }) => principal), ...PRINCIPALS];
  return principals.flatMap(([address, argument, owner]): readonly DiffFound[] => {
    const value = attribute(after, address, argument);
    return value === undefined ||
      keptAt(before, address, argument, value) ||
      isOwn(after, address, argument, owner, ["name", "id"], value)
      ? []
      : [{ rule: "principal-external", address, values: { address, argument, value } }];
  });
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
function boundaryFindings(
  principal: "user" | "node role",
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  const [had, has] = [before, after].map((snapshot) => attribute(snapshot, address, "permissions_boundary"));
  if (has === UNKNOWN) {
    return [{ rule: "argument-not-comparable", principal, address, values: { address, argument: "permissions_boundary" } }];
  }
  if (had === has || !before.resources.has(address) || !after.resources.has(address)) {
    return [];
  }
  if (had === undefined) {
    return [{ rule: "boundary-new", principal, address, values: { address } }];
  }
  const [hadContent, hasContent] = [
    contentOfBoundary(before, address),
    has === undefined ? FULL_ACCESS : contentOfBoundary(after, address),
  ];
  const answer: Answer =
    hadContent === undefined || hasContent === undefined
      ? {
          kind: "not-comparable",
          reason: `the content of ${hadContent === undefined ? had : has} is not part of what is compared`,
        }
      : decisions({ identity: [hasContent] }, { identity: [hadContent] }).added();
  return answer.kind === "nothing-new"
    ? [
        {
          rule: "limits-strengthened",
          principal,
          values: { what: `the ${principal}: the permissions boundary ${had} changes to ${has}, which allows nothing new` },
        },
      ]
    : [{ rule: "boundary-weakened", principal, address, values: { principal, from: had, to: has ?? "", ...evidenceOf(answer) } }];
}

/** Resources that this project does not create, and whose permissions are therefore unknown. */
function externalFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const addresses = [...new Set([...before.resources.keys(), ...after.resources.keys()])].filter((address) => !isOurs(address));
  return addresses
    .filter((address) => {
      const [had, has] = [before, after].map(({ resources }) => resources.get(address)?.attributes);
      return JSON.stringify(had) !== JSON.stringify(has);
    })
    .map((address) => ({ rule: "resource-external", address, values: { address } }));
}
