import { SLOTS } from "../iam/key-slots";
import { ADDRESSES, KEY_ADDRESSES } from "../terraform/addresses";
import type { ResourceChange } from "./change-summary";
import { canonical, type JsonObject, objectOf } from "./json-values";
import { isOwn } from "./ownership";
import { attribute, managedChanges, NODE_ATTACHMENT, type Snapshot, UNKNOWN } from "./snapshot";

/** Attributes whose change is told with both values. */
const TOLD = ["name", "path", "status", "permissions_boundary", "force_destroy", "policy_arn"];

/** What a configuration would do to a deployment that is as another one says. */
export function resourcesOfPacks(before: Snapshot, after: Snapshot): readonly ResourceChange[] {
  const replaced = replacements(before, after);
  const addresses = [...new Set([...before.resources.keys(), ...after.resources.keys()])].sort();
  return addresses.flatMap((address): readonly ResourceChange[] => {
    const what = whatIs(address, after.resources.has(address) ? after : before);
    const details = differences(address, before, after);
    if (!before.resources.has(address)) {
      return [{ address, what, action: "created", details: [] }];
    }
    if (!after.resources.has(address)) {
      return [{ address, what, action: "deleted", details: [] }];
    }
    if (replaced.has(address)) {
      return [{ address, what, action: "replaced", details }];
    }
    return details.length === 0 ? [] : [{ address, what, action: "updated", details }];
  });
}

/** What a plan does. */
export function resourcesOfPlan(plan: JsonObject, before: Snapshot, after: Snapshot): readonly ResourceChange[] {
  return managedChanges(plan).flatMap(({ address, change }): readonly ResourceChange[] => {
    const action = actionOf(change.actions, change.importing !== undefined && change.importing !== null);
    const what = whatIs(address, after.resources.has(address) ? after : before);
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
  const words = { create: "created", delete: "deleted", update: "updated", forget: "forgotten" } as const;
  return (Object.keys(words) as (keyof typeof words)[]).filter(has).map((action) => words[action])[0];
}

/** By type, the attributes that Terraform can't change in place. Source: `ForceNew` in the AWS provider's schemas. */
const FORCE_NEW: Readonly<Record<string, readonly string[]>> = {
  aws_iam_access_key: ["pgp_key"],
  aws_iam_policy: ["name", "path", "description"],
  aws_iam_role: ["name", "path"],
  aws_iam_role_policy: ["name"],
  aws_iam_role_policy_attachment: ["policy_arn"],
};

/** By address, the addresses whose name or ARN it is made with: another one there makes it anew. */
const MADE_WITH: readonly (readonly [string, string])[] = [
  ...SLOTS.map((slot) => [KEY_ADDRESSES[slot], ADDRESSES.user] as const),
  [ADDRESSES.userAttachment, ADDRESSES.user],
  [ADDRESSES.membership, ADDRESSES.user],
  [ADDRESSES.groupAttachment, ADDRESSES.group],
];

/** What Terraform would replace to come from one configuration to another. */
function replacements(before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const both = [...after.resources].filter(([address]) => before.resources.has(address));
  const replaced = both
    .filter(([address, { type, attributes }]) => {
      const ignored = objectOf(attributes.lifecycle).ignore_changes;
      return (FORCE_NEW[type] ?? []).some(
        (name) => differs(address, name, before, after) && !(Array.isArray(ignored) && ignored.includes(name)),
      );
    })
    .map(([address]) => address);
  const renamed = MADE_WITH.filter(([, of]) => differs(of, "name", before, after)).map(([address]) => address);
  const repolicied = replaced.includes(ADDRESSES.policy) ? [ADDRESSES.userAttachment, ADDRESSES.groupAttachment] : [];
  const there = (address: string) => both.some(([other]) => other === address);
  return new Set([...replaced, ...renamed, ...repolicied].filter(there));
}

/** Whether an attribute of what is on both sides has another value. */
function differs(address: string, name: string, before: Snapshot, after: Snapshot): boolean {
  const [had, has] = [before, after].map(({ resources }) => resources.get(address)?.attributes);
  return had !== undefined && has !== undefined && canonical(had[name] ?? "") !== canonical(has[name] ?? "");
}

function differences(address: string, before: Snapshot, after: Snapshot): readonly string[] {
  const values = (name: string) =>
    [before, after].map(({ resources }) => show(resources.get(address)?.attributes[name])).join(" -> ");
  const told = TOLD.filter(
    (name) => differs(address, name, before, after) && after.resources.get(address)?.attributes[name] !== UNKNOWN,
  ).map((name) => `${name} ${values(name)}`);
  const unsaid = ["pgp_key", "tags", "assume_role_policy"].filter((name) => differs(address, name, before, after));
  return [...told, ...unsaid, ...contentDifference(address, before, after)];
}

function show(value: unknown): string {
  return value === undefined || value === null || value === "" ? "none" : JSON.stringify(value);
}

/** A plan shows every line of a policy as changed where only their order is another one. */
function contentDifference(address: string, before: Snapshot, after: Snapshot): readonly string[] {
  if (address === ADDRESSES.policy && before.userPolicy !== undefined && after.userPolicy !== undefined) {
    if (canonical(before.userPolicy) !== canonical(after.userPolicy)) {
      return ["content"];
    }
    return differs(address, "policy", before, after) ? ["the order of its content alone"] : [];
  }
  return address === ADDRESSES.nodePolicy && differs(address, "policy", before, after) ? ["content"] : [];
}

/** What people call a resource. */
function whatIs(address: string, snapshot: Snapshot): string {
  const named = (what: string) => {
    const name = attribute(snapshot, address, "name");
    return name === undefined ? what : `${what} ${JSON.stringify(name)}`;
  };
  const slot = SLOTS.find((candidate) => KEY_ADDRESSES[candidate] === address);
  if (slot !== undefined) {
    return `access key in the slot ${slot}, ${attribute(snapshot, address, "status")}`;
  }
  if (NODE_ATTACHMENT.test(address)) {
    const role = attribute(snapshot, address, "role");
    const own = isOwn(snapshot, address, "role", ADDRESSES.nodeRole, ["name", "id"], role);
    return `attachment of ${attribute(snapshot, address, "policy_arn")} to ${own ? "the node role" : `the role ${role}`}`;
  }
  const words: Readonly<Record<string, string>> = {
    [ADDRESSES.user]: named("user"),
    [ADDRESSES.policy]: named("policy"),
    [ADDRESSES.group]: named("group"),
    [ADDRESSES.nodeRole]: named("node role"),
    [ADDRESSES.nodePolicy]: "policy of the node role",
    [ADDRESSES.userAttachment]: "attachment of the policy to the user",
    [ADDRESSES.groupAttachment]: "attachment of the policy to the group",
    [ADDRESSES.membership]: "membership of the user in the group",
  };
  return words[address] ?? address;
}
