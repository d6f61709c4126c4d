import { ADDRESSES, policyAddress } from "../../terraform/addresses";
import { argumentFindings, joinsOwn } from "./arguments";
import { canonical, listOf } from "./json-values";
import { comparePolicies, type Policy, policyFindings } from "./policies";
import type { DiffFound, Principal } from "./rules";
import { attribute, isOurs, type Snapshot, UNKNOWN } from "./snapshot";

/** Changes of the permissions of the user and the node role. */
export function permissionFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const [had, has] = [userPolicies(before, before, after), userPolicies(after, before, after)];
  return [
    ...ofPrincipal("user", ADDRESSES.user, had, has, before, after),
    ...ofPrincipal("node role", ADDRESSES.nodeRole, listOf(before.nodePolicy), listOf(after.nodePolicy), before, after),
    ...trustFindings("the node role", before.nodeTrust, after.nodeTrust),
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
  const [from, to] = [before, after].map((snapshot) => attribute(snapshot, address, "permissions_boundary"));
  const stays = from === to && to !== UNKNOWN ? to : undefined;
  const both = before.resources.has(address) && after.resources.has(address);
  return [
    ...policyFindings(principal, comparePolicies(had, has), stays),
    ...(both && from !== to ? [boundaryFinding(principal, address, from, to)] : []),
  ];
}

/** A permissions boundary only narrows permissions. Its content is a policy that this project does not have. */
function boundaryFinding(principal: Principal, address: string, from: string | undefined, to: string | undefined): DiffFound {
  if (to === UNKNOWN) {
    return { rule: "argument-not-comparable", principal, address, values: { address, argument: "permissions_boundary" } };
  }
  if (from === undefined) {
    return { rule: "boundary-new", principal, address, values: { address } };
  }
  return to === undefined
    ? { rule: "boundary-removed", principal, address, values: { principal, from } }
    : { rule: "boundary-replaced", principal, address, values: { principal, from, to } };
}

/** The ways by which the user has a policy of the deployment: attachments of that policy to the own user or group. */
export function routes(snapshot: Snapshot, number: number): { readonly user: boolean; readonly group: boolean } {
  const joins = (what: "userAttachment" | "groupAttachment") => joinsOwn(snapshot, policyAddress(what, number));
  return { user: joins("userAttachment"), group: joins("groupAttachment") && joinsOwn(snapshot, ADDRESSES.membership) };
}

/** What the user has on one side. A plan for some addresses alone says nothing of attachments: what is on neither side is taken to stay. */
function userPolicies(side: Snapshot, before: Snapshot, after: Snapshot): readonly Policy[] {
  const hasRoute = (snapshot: Snapshot, number: number) => {
    const { user, group } = routes(snapshot, number);
    return snapshot.resources.has(ADDRESSES.user) && (user || group);
  };
  return [...side.userPolicies].flatMap(([number, policy]) => {
    const neither = !hasRoute(before, number) && !hasRoute(after, number);
    return neither || hasRoute(side, number) ? [policy] : [];
  });
}

/** Another trust policy. Who it names is not decided: any difference but that of the order counts. @param role how the finding calls it */
export function trustFindings(role: string, before: Policy | undefined, after: Policy | undefined): readonly DiffFound[] {
  if (after === undefined || canonical(before) === canonical(after)) {
    return [];
  }
  return [
    {
      rule: "trust-changed",
      values: { role, before: before === undefined ? "nobody" : canonical(before), after: canonical(after) },
    },
  ];
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
