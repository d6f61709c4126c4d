import { SLOTS } from "../../iam/key-slots";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../../terraform/addresses";
import { isOwn } from "./arguments";
import { canonical, type JsonObject, listOf, objectOf } from "./json-values";
import { routes } from "./permissions";
import type { DiffFound } from "./rules";
import { attribute, keyIn, managedChanges, type Snapshot, slotsOf, UNKNOWN } from "./snapshot";

/** What happens to a resource. */
export interface ResourceChange {
  readonly address: string;
  /** What the resource is: `user "deckhouse"`. */
  readonly what: string;
  readonly action: "created" | "deleted" | "replaced" | "updated" | "imported" | "forgotten";
  /** Which attributes change. */
  readonly details: readonly string[];
}

/** Attributes whose change is shown with both values. */
const SHOWN = ["name", "path", "status", "permissions_boundary", "force_destroy", "policy_arn"];

/** What changes the resources of one configuration into those of another one. */
export function resourcesOfPacks(before: Snapshot, after: Snapshot): readonly ResourceChange[] {
  const addresses = [...new Set([...before.resources.keys(), ...after.resources.keys()])].sort();
  return addresses.flatMap((address): readonly ResourceChange[] => {
    const what = describe(address, after.resources.has(address) ? after : before);
    if (!before.resources.has(address)) {
      return [{ address, what, action: "created", details: [] }];
    }
    if (!after.resources.has(address)) {
      return [{ address, what, action: "deleted", details: [] }];
    }
    const details = differences(address, before, after);
    if (isReplaced(address, before, after)) {
      return [{ address, what, action: "replaced", details }];
    }
    return details.length === 0 ? [] : [{ address, what, action: "updated", details }];
  });
}

/** What a plan does. */
export function resourcesOfPlan(plan: JsonObject, before: Snapshot, after: Snapshot): readonly ResourceChange[] {
  return managedChanges(plan).flatMap(({ address, change }): readonly ResourceChange[] => {
    const action = actionOf(change.actions, change.importing !== undefined && change.importing !== null);
    const what = describe(address, after.resources.has(address) ? after : before);
    return action === undefined ? [] : [{ address, what, action, details: differences(address, before, after) }];
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

/** Arguments whose change makes Terraform replace a resource. Source: `ForceNew` in the AWS provider's schemas. */
const FORCE_NEW = ["name", "path", "pgp_key", "user", "group", "role", "policy_arn"];

/** IAM renames users and groups. */
const IN_PLACE: readonly string[] = [ADDRESSES.user, ADDRESSES.group];

/** Whether Terraform replaces what is on both sides of two configurations. */
function isReplaced(address: string, before: Snapshot, after: Snapshot): boolean {
  return (
    !IN_PLACE.includes(address) &&
    FORCE_NEW.some((argument) => {
      const [had, has] = [before, after].map((snapshot) =>
        resolved(snapshot, snapshot.resources.get(address)?.attributes[argument]),
      );
      return had !== undefined && has !== undefined && had !== has;
    })
  );
}

/** A value, or the name and path of the resource that it refers to; undefined if that is not there. */
function resolved(snapshot: Snapshot, value: unknown): string | undefined {
  const owner = /^\$\{([\w-]+\.[\w-]+)\.(?:name|arn)\}$/.exec(String(value))?.[1];
  if (owner === undefined) {
    return canonical(value ?? "");
  }
  const attributes = snapshot.resources.get(owner)?.attributes;
  return attributes && JSON.stringify([attributes.name, IN_PLACE.includes(owner) ? "" : attributes.path]);
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
  const [had, has] = [before, after].map(({ userPolicies, nodePolicy }) =>
    what === "policy" ? userPolicies.get(number) : address === ADDRESSES.nodePolicy ? nodePolicy : undefined,
  );
  if (had === undefined || has === undefined) {
    return [];
  }
  if (canonical(had) !== canonical(has)) {
    return ["content"];
  }
  return differs(address, "policy", before, after) ? ["only the order of its content"] : [];
}

/** The name of a resource in a summary. */
export function describe(address: string, snapshot: Snapshot): string {
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
    const own = isOwn(snapshot, address, "role", role);
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

const NODES_LOSE = ": nodes that use it lose their permissions; set iamNodeRole to another role first";

/** By address and action, the effect on a running cluster. */
const EFFECTS: Readonly<Record<string, Partial<Record<ResourceChange["action"], string>>>> = {
  [ADDRESSES.user]: { replaced: ", which deletes its access keys", deleted: ": the cluster loses access to AWS" },
  [ADDRESSES.policy]: { replaced: " and its attachments", deleted: ": the cluster loses its permissions" },
  [ADDRESSES.userAttachment]: { replaced: "" },
  [ADDRESSES.groupAttachment]: { replaced: "" },
  [ADDRESSES.membership]: { replaced: ": the user is not in the group between the two API calls" },
  [ADDRESSES.nodeRole]: { replaced: NODES_LOSE, deleted: NODES_LOSE },
};

/** Changes that remove the access of the cluster or leave objects unmanaged, and the list of all changes of resources. */
export function resourceFindings(before: Snapshot, after: Snapshot, resources: readonly ResourceChange[]): readonly DiffFound[] {
  return [
    ...renameOfUser(before, after),
    ...resources.flatMap((change) => effectOf(change, resources)),
    ...keyFindings(before, after, resources),
    ...attachmentMoves(before, after),
    ...resources.map(
      ({ address, what, action, details }): DiffFound => ({ rule: "resource", address, values: { what, action, details } }),
    ),
  ];
}

/**
 * A further policy is replaced together with its attachments when its content changes, and deleted when the others have space for all
 * permissions: neither takes a permission away before the others have it.
 */
function effectOf({ address, what, action }: ResourceChange, resources: readonly ResourceChange[]): readonly DiffFound[] {
  if (action === "forgotten") {
    return [{ rule: "forgotten", address, values: { what } }];
  }
  const { what: kind, number = 1 } = policyOfAddress(address) ?? {};
  const policy = resources.find((other) => other.address === policyAddress("policy", number));
  if (number > 1 && (policy?.action === "replaced" || policy?.action === "deleted")) {
    return [];
  }
  const effect = EFFECTS[kind === undefined ? address : ADDRESSES[kind]]?.[action];
  const verb = action === "deleted" ? "deletes" : "replaces";
  return effect === undefined ? [] : [{ rule: "destroyed", address, values: { action: verb, what, effect } }];
}

function renameOfUser(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const [from, to] = [before, after].map((snapshot) => attribute(snapshot, ADDRESSES.user, "name"));
  return from === undefined || to === undefined || from === to
    ? []
    : [{ rule: "user-renamed", address: ADDRESSES.user, values: { from: JSON.stringify(from), to: JSON.stringify(to) } }];
}

function keyFindings(before: Snapshot, after: Snapshot, resources: readonly ResourceChange[]): readonly DiffFound[] {
  const current = before.outputs.get("access_key_slot")?.value;
  const [had, has] = [slotsOf(before), slotsOf(after)];
  const isActive = (snapshot: Snapshot, slot: (typeof SLOTS)[number]) => keyIn(snapshot, slot)?.status === "Active";
  const isReplaced = (slot: (typeof SLOTS)[number]) =>
    resources.some(({ address, action }) => address === KEY_ADDRESSES[slot] && action === "replaced");
  const [deleted, created] = [had.filter((slot) => !has.includes(slot)), has.filter((slot) => !had.includes(slot))];
  const deactivated = had.filter(
    (slot) => slot === current && isActive(before, slot) && has.includes(slot) && !isActive(after, slot),
  );
  const [gone, added] = [deleted[0], created[0]];
  const field = (slot: string) => `accessKeys.${slot}.status`;
  return [
    ...SLOTS.filter(isReplaced).map(
      (slot): DiffFound => ({
        rule: "key-replaced",
        address: KEY_ADDRESSES[slot],
        values: { slot },
      }),
    ),
    ...deleted
      .filter((slot) => isActive(before, slot))
      .map((slot): DiffFound => ({ rule: "active-key-deleted", field: field(slot), values: { slot } })),
    ...(gone === undefined || added === undefined
      ? []
      : [{ rule: "keys-exchanged", values: { created: added, deleted: gone } } as const]),
    ...deactivated.map((slot): DiffFound => ({ rule: "current-key-deactivated", field: field(slot), values: { slot } })),
  ];
}

/**
 * A key that was deactivated outside Terraform and that a plan activates again. The key that the outputs expose is never Inactive by the
 * settings, so there a deactivation outside shows even if an earlier refresh stored it; for the other slot it shows in `resource_drift` alone.
 */
export function reactivatedKeys(plan: JsonObject, before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const exposed = before.outputs.get("access_key_slot")?.value;
  const status = (change: unknown, side: "before" | "after") => objectOf(objectOf(change)[side]).status;
  const drifted = new Set(
    listOf(plan.resource_drift)
      .map(objectOf)
      .filter(({ change }) => status(change, "before") !== "Inactive" && status(change, "after") === "Inactive")
      .map(({ address }) => address),
  );
  return slotsOf(after)
    .filter((slot) => keyIn(before, slot)?.status === "Inactive" && keyIn(after, slot)?.status === "Active")
    .filter((slot) => slot === exposed || drifted.has(KEY_ADDRESSES[slot]))
    .map((slot) => ({ rule: "key-reactivated", field: `accessKeys.${slot}.status`, values: { slot } }));
}

/** Terraform may delete the old attachment before it creates the new one. */
function attachmentMoves(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const kept = [...before.userPolicies.keys()].filter(
    (number) => after.userPolicies.has(number) && after.resources.has(ADDRESSES.user),
  );
  const moves = kept.flatMap((number) => attachmentMove(routes(before, number), routes(after, number)));
  return [...new Map(moves.map((move) => [JSON.stringify(move), move])).values()];
}

function attachmentMove(had: ReturnType<typeof routes>, has: ReturnType<typeof routes>): readonly DiffFound[] {
  if (!had.user && !had.group) {
    return [];
  }
  if (!has.user && !has.group) {
    return [{ rule: "policy-detached", values: {} }];
  }
  const [from, to] = had.user ? ["user", "group"] : ["group", "user"];
  const stays = (had.user && has.user) || (had.group && has.group);
  return stays || from === undefined || to === undefined ? [] : [{ rule: "policy-moved", values: { from, to } }];
}
