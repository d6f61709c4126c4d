import { SLOTS } from "../../iam/key-slots";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../../terraform/addresses";
import type { ResourceChange } from "./change-summary";
import { canonical, type JsonObject, objectOf } from "./json-values";
import { isOwn } from "./ownership";
import { attribute, managedChanges, type Snapshot, UNKNOWN } from "./snapshot";

/** Attributes whose change is shown with both values. */
const SHOWN = ["name", "path", "status", "permissions_boundary", "force_destroy", "policy_arn"];

/** What changes the resources of one configuration into those of another one. */
export function resourcesOfPacks(before: Snapshot, after: Snapshot): readonly ResourceChange[] {
  const replaced = replacements(before, after);
  const addresses = [...new Set([...before.resources.keys(), ...after.resources.keys()])].sort();
  return addresses.flatMap((address): readonly ResourceChange[] => {
    const description = describe(address, after.resources.has(address) ? after : before);
    const details = differences(address, before, after);
    if (!before.resources.has(address)) {
      return [{ address, description, action: "created", details: [] }];
    }
    if (!after.resources.has(address)) {
      return [{ address, description, action: "deleted", details: [] }];
    }
    if (replaced.has(address)) {
      return [{ address, description, action: "replaced", details }];
    }
    return details.length === 0 ? [] : [{ address, description, action: "updated", details }];
  });
}

/** What a plan does. */
export function resourcesOfPlan(plan: JsonObject, before: Snapshot, after: Snapshot): readonly ResourceChange[] {
  return managedChanges(plan).flatMap(({ address, change }): readonly ResourceChange[] => {
    const action = actionOf(change.actions, change.importing !== undefined && change.importing !== null);
    const description = describe(address, after.resources.has(address) ? after : before);
    return action === undefined ? [] : [{ address, description, action, details: differences(address, before, after) }];
  });
}

function actionOf(actions: readonly string[], importing: boolean): ResourceChange["action"] | undefined {
  const has = (action: string) => actions.includes(action);
  if (has("create") && has("delete")) {
    return "replaced";
  }
  if (importing) {
    return "imported";
  }
  const results = { create: "created", delete: "deleted", update: "updated", forget: "forgotten" } as const;
  return (Object.keys(results) as (keyof typeof results)[]).filter(has).map((action) => results[action])[0];
}

/** By type, the attributes that Terraform can't change in place. Source: `ForceNew` in the AWS provider's schemas. */
const FORCE_NEW: ReadonlyMap<string, readonly string[]> = new Map([
  ["aws_iam_access_key", ["pgp_key"]],
  ["aws_iam_policy", ["name", "path", "description"]],
  ["aws_iam_role", ["name", "path"]],
  ["aws_iam_role_policy", ["name"]],
  ["aws_iam_role_policy_attachment", ["policy_arn"]],
]);

/** An address, and the resource whose name identifies it: Terraform replaces it when that name changes. */
const IDENTIFIED_BY: readonly (readonly [string, string])[] = [
  ...SLOTS.map((slot) => [KEY_ADDRESSES[slot], ADDRESSES.user] as const),
  [ADDRESSES.membership, ADDRESSES.user],
];

/** The principal of an attachment of a managed policy; undefined for other addresses. */
function principalOf(address: string): string | undefined {
  const { what } = policyOfAddress(address) ?? {};
  if (what === "userAttachment") {
    return ADDRESSES.user;
  }
  return what === "groupAttachment" ? ADDRESSES.group : undefined;
}

/** The addresses that Terraform replaces between two configurations. */
function replacements(before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const both = [...after.resources].filter(([address]) => before.resources.has(address));
  const replaced = both
    .filter(([address, { type, attributes }]) => {
      const ignored = objectOf(attributes.lifecycle).ignore_changes;
      return (FORCE_NEW.get(type) ?? []).some(
        (name) => differs(address, name, before, after) && !(Array.isArray(ignored) && ignored.includes(name)),
      );
    })
    .map(([address]) => address);
  const attachments = both.flatMap(([address]) => {
    const principal = principalOf(address);
    return principal === undefined ? [] : [[address, principal] as const];
  });
  const renamed = [...IDENTIFIED_BY, ...attachments]
    .filter(([, of]) => differs(of, "name", before, after))
    .map(([address]) => address);
  const reattached = attachments
    .map(([address]) => address)
    .filter((address) => replaced.includes(policyAddress("policy", policyOfAddress(address)?.number ?? 1)));
  const there = (address: string) => both.some(([other]) => other === address);
  return new Set([...replaced, ...renamed, ...reattached].filter(there));
}

/** Whether an attribute of what is on both sides has another value. */
function differs(address: string, name: string, before: Snapshot, after: Snapshot): boolean {
  const [had, has] = [before, after].map(({ resources }) => resources.get(address)?.attributes);
  return had !== undefined && has !== undefined && canonical(had[name] ?? "") !== canonical(has[name] ?? "");
}

function differences(address: string, before: Snapshot, after: Snapshot): readonly string[] {
  const values = (name: string) =>
    [before, after].map(({ resources }) => show(resources.get(address)?.attributes[name])).join(" -> ");
  const shown = SHOWN.filter(
    (name) => differs(address, name, before, after) && after.resources.get(address)?.attributes[name] !== UNKNOWN,
  ).map((name) => `${name} ${values(name)}`);
  const named = ["pgp_key", "tags", "assume_role_policy"].filter((name) => differs(address, name, before, after));
  return [...shown, ...named, ...contentDifference(address, before, after)];
}

function show(value: unknown): string {
  return value === undefined || value === null || value === "" ? "none" : JSON.stringify(value);
}

/** A plan shows every line of a policy as changed where only their order is another one. */
function contentDifference(address: string, before: Snapshot, after: Snapshot): readonly string[] {
  const { what, number = 1 } = policyOfAddress(address) ?? {};
  const [had, has] = [before, after].map(({ userPolicies }) => userPolicies.get(number));
  if (what === "policy" && had !== undefined && has !== undefined) {
    if (canonical(had) !== canonical(has)) {
      return ["content"];
    }
    return differs(address, "policy", before, after) ? ["only the order of its content"] : [];
  }
  return address === ADDRESSES.nodePolicy && differs(address, "policy", before, after) ? ["content"] : [];
}

/** The name of a resource in a summary. */
function describe(address: string, snapshot: Snapshot): string {
  const withName = (what: string) => {
    const name = attribute(snapshot, address, "name");
    return name === undefined ? what : `${what} ${JSON.stringify(name)}`;
  };
  const slot = SLOTS.find((candidate) => KEY_ADDRESSES[candidate] === address);
  if (slot !== undefined) {
    return `access key in the slot ${slot}, ${attribute(snapshot, address, "status")}`;
  }
  if (isNodeAttachment(address)) {
    const role = attribute(snapshot, address, "role");
    const own = isOwn(snapshot, address, "role", ADDRESSES.nodeRole, ["name", "id"], role);
    return `attachment of ${attribute(snapshot, address, "policy_arn")} to ${own ? "the node role" : `the role ${role}`}`;
  }
  const { what, number = 1 } = policyOfAddress(address) ?? {};
  if (what === "policy") {
    return withName("policy");
  }
  const policy = number === 1 ? "the policy" : `policy ${number}`;
  if (what !== undefined) {
    return `attachment of ${policy} to the ${what === "userAttachment" ? "user" : "group"}`;
  }
  // A map: a plan can have any address, `constructor` too.
  const descriptions: ReadonlyMap<string, string> = new Map([
    [ADDRESSES.user, withName("user")],
    [ADDRESSES.group, withName("group")],
    [ADDRESSES.nodeRole, withName("node role")],
    [ADDRESSES.nodePolicy, "policy of the node role"],
    [ADDRESSES.membership, "membership of the user in the group"],
  ]);
  return descriptions.get(address) ?? address;
}
