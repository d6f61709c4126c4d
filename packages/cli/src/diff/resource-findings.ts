import {
  ADDRESSES,
  isNodeAttachment,
  policyAddress,
  policyOfAddress,
} from "../../../../src/terraform/addresses";
import { canonical, listOf, textOf } from "../../../../src/text/json";
import { page } from "../text/advice";
import type { DiffFound } from "./change-rules";
import { isAttached } from "./permissions";
import type { Plan } from "./plan-file";
import { readPolicy } from "./policies";
import {
  addressesIn,
  attribute,
  isOurs,
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
  [ADDRESSES.accessKey]: {
    replaced: {
      risk:
        "it deletes the key before it creates another one, " +
        "and the cluster has no access to AWS until DKP has that one",
      remedy: `restore user.name; of a tainted key, see ${page("recover", "tainted")}`,
    },
    deleted: {
      risk: "if DKP has this key, the cluster loses access to AWS",
      remedy:
        "do not apply, unless the cluster is destroyed; " +
        "to leave the key in AWS, set accessKeys.managedBy: rotate",
    },
  },
  [ADDRESSES.policy]: {
    replaced: NO_PERMISSIONS,
    deleted: { ...NO_ACCESS, risk: "the cluster loses its permissions" },
  },
  [ADDRESSES.userAttachment]: { replaced: NO_PERMISSIONS },
  [ADDRESSES.nodeRole]: { replaced: NODES_LOSE, deleted: NODES_LOSE },
  [ADDRESSES.nodePolicy]: { replaced: NODES_LOSE },
};

/** @param lost addresses of what was deleted outside Terraform */
export function resourceFindings(
  before: Snapshot,
  after: Snapshot,
  resources: readonly ResourceChange[],
  lost: readonly string[] = [],
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
    ...resources.flatMap((change) => keyFindings(change, before, lost)),
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
    // The key has a finding of its own.
    return address === ADDRESSES.accessKey
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

/** A key that Terraform forgets, or creates for a user that exists. */
function keyFindings(
  { address, action }: ResourceChange,
  before: Snapshot,
  lost: readonly string[],
): readonly DiffFound[] {
  if (address !== ADDRESSES.accessKey) {
    return [];
  }
  if (action === "forgotten") {
    return [{ rule: "key-forgotten", address, values: {} }];
  }
  if (action !== "created" || !before.resources.has(ADDRESSES.user)) {
    return [];
  }
  const former = before.outputs.get("access_key_id");
  const isFirst = former === undefined && !lost.includes(address);
  return isFirst
    ? [{ rule: "first-key", address, values: {} }]
    : [{ rule: "key-created-again", address, values: { key: textOf(former?.value) } }];
}

function detachments(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const isDetached = (number: number) =>
    userPoliciesOf(after).has(number) && isAttached(before, number) && !isAttached(after, number);
  return after.resources.has(ADDRESSES.user) && [...userPoliciesOf(before).keys()].some(isDetached)
    ? [{ rule: "policy-detached", values: {} }]
    : [];
}
