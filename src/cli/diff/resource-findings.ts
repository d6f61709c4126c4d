import { SLOTS } from "../../iam/key-slots";
import {
  ADDRESSES,
  isNodeAttachment,
  KEY_ADDRESSES,
  policyAddress,
  policyOfAddress,
} from "../../terraform/addresses";
import { canonical, listOf, textOf } from "../../text/json";
import { endingOf, type KeyUses } from "../account/key-judge";
import { page } from "../text/advice";
import type { DiffFound } from "./change-rules";
import { isAttached } from "./permissions";
import type { Plan } from "./plan-file";
import { readPolicy } from "./policies";
import {
  addressesIn,
  attribute,
  currentSlot,
  isOurs,
  keyIn,
  lifecycleOf,
  managedChanges,
  type Snapshot,
  UNKNOWN,
  userPoliciesOf,
} from "./snapshot";

export interface ResourceChange {
  readonly address: string;
  /** `user "deckhouse"`. */
  readonly what: string;
  readonly action: "created" | "deleted" | "replaced" | "updated" | "imported" | "forgotten";
  readonly details: readonly string[];
  /** Whether the new object of a replacement is created before the old one is deleted. */
  readonly isCreatedFirst: boolean;
}

/** @param imported addresses of what the second configuration imports */
export function resourcesOfPacks(
  before: Snapshot,
  after: Snapshot,
  imported: readonly string[],
): readonly ResourceChange[] {
  const actionAt = (address: string) => {
    if (!before.resources.has(address)) {
      return imported.includes(address) ? "imported" : "created";
    }
    if (!after.resources.has(address)) {
      return after.forgotten.includes(address) ? "forgotten" : "deleted";
    }
    return isReplaced(address, before, after) ? "replaced" : "updated";
  };
  return addressesIn(before, after)
    .sort()
    .map((address) => {
      const isCreatedFirst =
        lifecycleOf(after.resources.get(address)).create_before_destroy === true;
      return { ...changeOf(address, actionAt(address), before, after), isCreatedFirst };
    })
    .filter(({ action, details }) => action !== "updated" || details.length > 0);
}

export function resourcesOfPlan(
  plan: Plan,
  before: Snapshot,
  after: Snapshot,
): readonly ResourceChange[] {
  return managedChanges(plan).flatMap(({ address, actions, isImport }) => {
    const rows = [
      ["forgotten", actions.includes("forget")],
      ["replaced", actions.includes("create") && actions.includes("delete")],
      ["imported", isImport],
      ["created", actions.includes("create")],
      ["deleted", actions.includes("delete")],
      ["updated", actions.includes("update")],
    ] as const;
    const action = rows.find(([, applies]) => applies)?.[0];
    const isCreatedFirst = actions[0] === "create";
    return action === undefined
      ? []
      : [{ ...changeOf(address, action, before, after), isCreatedFirst }];
  });
}

function changeOf(
  address: string,
  action: ResourceChange["action"],
  before: Snapshot,
  after: Snapshot,
): Omit<ResourceChange, "isCreatedFirst"> {
  // An object that is lost has the name that it has now.
  const isLost = before.resources.has(address) && (action === "replaced" || action === "forgotten");
  const what = describe(address, isLost || !after.resources.has(address) ? before : after);
  const details = differingAttributes(address, before, after).map((name) =>
    name === "policy" ? "document" : name,
  );
  return { address, what, action, details };
}

/** They can have policies that Terraform does not manage. */
export const WITH_PERMISSIONS: readonly string[] = [ADDRESSES.user, ADDRESSES.nodeRole];

const NOT_SHOWN: readonly string[] = ["depends_on", "lifecycle", "arn", "id", "tags_all"];

function differingAttributes(
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly string[] {
  const [old, current] = [before, after].map(({ resources }) => resources.get(address));
  if (old === undefined || current === undefined) {
    return [];
  }
  const meaning = (value: unknown) =>
    canonical(typeof value === "string" ? readPolicy(value) : (value ?? ""));
  const ignored = [...NOT_SHOWN, ...listOf(lifecycleOf(current).ignore_changes)];
  return Object.keys({ ...old, ...current })
    .filter((name) => !ignored.includes(name) && current[name] !== UNKNOWN)
    .filter((name) => meaning(old[name]) !== meaning(current[name]));
}

/** They make Terraform replace a resource. Source: `ForceNew` in the AWS provider's schemas. */
const FORCE_NEW = ["name", "path", "user", "role", "policy_arn"];

/** IAM renames users. */
const IN_PLACE: readonly string[] = [ADDRESSES.user];

function isReplaced(address: string, before: Snapshot, after: Snapshot): boolean {
  const differs = (argument: string) => {
    const [old, current] = [before, after].map((side) =>
      resolved(side, side.resources.get(address)?.[argument]),
    );
    return old !== undefined && current !== undefined && old !== current;
  };
  return !IN_PLACE.includes(address) && FORCE_NEW.some(differs);
}

/** A value, or the name and path of the resource that it refers to. */
function resolved(snapshot: Snapshot, value: unknown): string | undefined {
  const owner = /^\$\{([\w-]+\.[\w-]+)\.(?:name|arn)\}$/.exec(textOf(value) ?? "")?.[1];
  if (owner === undefined) {
    return canonical(value ?? "");
  }
  const attributes = snapshot.resources.get(owner);
  return (
    attributes && JSON.stringify([attributes.name, IN_PLACE.includes(owner) ? "" : attributes.path])
  );
}

/** A resource in a summary: `user "deckhouse"`. */
export function describe(address: string, snapshot: Snapshot): string {
  const slot = SLOTS.find((candidate) => KEY_ADDRESSES[candidate] === address);
  if (slot !== undefined) {
    return `${keyIn(snapshot, slot)?.status} access key in the slot ${slot}`;
  }
  const [, type = ""] = /^aws_iam_(\w+)\./.exec(address) ?? [];
  const name = attribute(snapshot, address, "name");
  const what = isOurs(address) ? type.replaceAll("_", " ") : address;
  return name === undefined ? what : `${what} ${JSON.stringify(name)}`;
}

type Effect = Readonly<Record<"risk" | "remedy", string>>;

const NO_ACCESS: Effect = {
  risk: "the cluster loses access to AWS",
  remedy: "do not apply, unless the cluster is destroyed",
};
const NO_PERMISSIONS: Effect = {
  risk:
    "the user may lose permissions, " +
    "and policies elsewhere that name an old ARN no longer apply",
  remedy:
    "restore the names and paths of user and policy, " +
    `or see ${page("change-and-retire", "changes-that-replace-objects")}`,
};
const NODES_LOSE: Effect = {
  risk: "nodes that use it lose their permissions",
  remedy: "set iamNodeRole to another role first",
};

const EFFECTS: Readonly<Record<string, Partial<Record<ResourceChange["action"], Effect>>>> = {
  [ADDRESSES.user]: {
    replaced: { ...NO_ACCESS, risk: "this deletes its access keys" },
    deleted: NO_ACCESS,
  },
  [ADDRESSES.policy]: {
    replaced: NO_PERMISSIONS,
    deleted: { ...NO_ACCESS, risk: "the cluster loses its permissions" },
  },
  [ADDRESSES.userAttachment]: { replaced: NO_PERMISSIONS },
  [ADDRESSES.nodeRole]: { replaced: NODES_LOSE, deleted: NODES_LOSE },
  [ADDRESSES.nodePolicy]: { replaced: NODES_LOSE },
};

/** @param uses the last uses of the keys, if they are known */
export function resourceFindings(
  before: Snapshot,
  after: Snapshot,
  resources: readonly ResourceChange[],
  uses?: KeyUses,
): readonly DiffFound[] {
  const [old, current] = [before, after].map((snapshot) =>
    attribute(snapshot, ADDRESSES.user, "name"),
  );
  const isRenamed = old !== undefined && current !== undefined && old !== current;
  const values = { before: JSON.stringify(old), after: JSON.stringify(current) };
  const renamed = renamedPolicies(resources);
  const numberOf = ({ address }: ResourceChange) => policyOfAddress(address)?.number;
  const others = resources.filter((change) => !renamed.map(numberOf).includes(numberOf(change)));
  const imported = resources.filter(
    ({ address, action }) => action === "imported" && WITH_PERMISSIONS.includes(address),
  );
  return [
    ...(isRenamed
      ? [{ rule: "user-renamed", field: "user.name", address: ADDRESSES.user, values } as const]
      : []),
    ...renamed.map(({ address, what }): DiffFound => {
      const name = JSON.stringify(attribute(after, address, "name"));
      return { rule: "second-policy-renamed", address, values: { what, name } };
    }),
    ...others.flatMap(effectOf),
    ...keyFindings(before, after, resources, uses),
    ...currentKeyFindings(before, after),
    ...detachments(before, after),
    ...imported.map(
      ({ address, what }) => ({ rule: "import-not-compared", address, values: { what } }) as const,
    ),
    ...resources.map(
      ({ address, what, action, details }) =>
        ({ rule: "resource", address, values: { what, action, details } }) as const,
    ),
  ];
}

/** Terraform attaches the new policy first. What it lacks is reported as narrowed. */
function renamedPolicies(resources: readonly ResourceChange[]): readonly ResourceChange[] {
  const inOrder = resources.filter(
    ({ action, isCreatedFirst }) => action === "replaced" && isCreatedFirst,
  );
  return inOrder.filter(({ address }) => {
    const { what, number = 1 } = policyOfAddress(address) ?? {};
    const attachment = policyAddress("userAttachment", number);
    return what === "policy" && number > 1 && inOrder.some((each) => each.address === attachment);
  });
}

function effectOf({ address, what, action }: ResourceChange): readonly DiffFound[] {
  if (action === "forgotten") {
    // Keys have a finding of their own.
    return Object.values(KEY_ADDRESSES).includes(address)
      ? []
      : [{ rule: "forgotten", address, values: { what } }];
  }
  const { what: kind, number = 1 } = policyOfAddress(address) ?? {};
  // A second policy is deleted after the first one has its permissions.
  const isMoved = number > 1 && action === "deleted";
  const ofNodes = isNodeAttachment(address) ? ADDRESSES.nodePolicy : address;
  const effect = EFFECTS[kind === undefined ? ofNodes : ADDRESSES[kind]]?.[action];
  const verb = action === "deleted" ? "deletes" : "replaces";
  return effect === undefined || isMoved
    ? []
    : [{ rule: "destroyed", address, values: { action: verb, what, ...effect } }];
}

function keyFindings(
  before: Snapshot,
  after: Snapshot,
  resources: readonly ResourceChange[],
  uses: KeyUses | undefined,
): readonly DiffFound[] {
  const currentOf = currentSlot(before);
  const isFirst = before.resources.has(ADDRESSES.user) && !before.outputs.has("access_key_id");
  const current = currentOf && keyIn(before, currentOf)?.id;
  return SLOTS.flatMap((slot): readonly DiffFound[] => {
    const [old, next] = [keyIn(before, slot), keyIn(after, slot)];
    const address = KEY_ADDRESSES[slot];
    const isDone = (action: ResourceChange["action"]) =>
      resources.some((change) => change.address === address && change.action === action);
    if (isDone("replaced")) {
      return [{ rule: "key-replaced", address, values: { slot } }];
    }
    if (isDone("created") && isFirst) {
      return [{ rule: "first-key", address, values: { slot } }];
    }
    if (old !== undefined && after.forgotten.includes(address)) {
      return [{ rule: "key-forgotten", address, values: { slot } }];
    }
    const field = `accessKeys.${slot}.status`;
    if (old?.status === "Inactive" && next?.status === "Active") {
      return [{ rule: "key-reactivated", address, field, values: { slot } }];
    }
    const isEnded = next === undefined || (old?.status === "Active" && next.status !== "Active");
    if (old === undefined || !isEnded) {
      return [];
    }
    const verb = next === undefined ? "deletes" : "deactivates";
    const whose = slot === currentOf ? "the current" : undefined;
    const ended = { slot, verb, id: old.id, current, whose } as const;
    return [{ ...endingOf(ended, uses), address, field }];
  });
}

function currentKeyFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const [old, slot] = [currentSlot(before), currentSlot(after)];
  if (old === undefined || slot === undefined || old === slot) {
    return [];
  }
  const setting = { field: "accessKeys.current", address: KEY_ADDRESSES[slot] };
  const isSecretUnknown = after.withoutSecret.includes(setting.address);
  return [
    { rule: "current-key", ...setting, values: { before: old, after: slot } },
    ...(isSecretUnknown
      ? [{ rule: "key-without-secret", ...setting, values: { slot } } as const]
      : []),
  ];
}

function detachments(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const isDetached = (number: number) =>
    userPoliciesOf(after).has(number) && isAttached(before, number) && !isAttached(after, number);
  return after.resources.has(ADDRESSES.user) && [...userPoliciesOf(before).keys()].some(isDetached)
    ? [{ rule: "policy-detached", values: {} }]
    : [];
}
