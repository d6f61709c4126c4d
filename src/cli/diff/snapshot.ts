import { SLOTS, type Slot } from "../../iam/key-slots";
import {
  ADDRESSES,
  isNodeAttachment,
  KEY_ADDRESSES,
  policyOfAddress,
} from "../../terraform/addresses";
import { type JsonObject, listOf, objectOf, textOf } from "../../text/json";
import { policyFile } from "../pack/contents";
import type { Policy } from "./grants";
import { mapStrings } from "./json-values";
import type { Plan, PlannedChange } from "./plan-file";
import { readPolicy } from "./policies";

/** One side of a change: the parts of a deployment that decide who may do what. */
export interface Snapshot {
  readonly resources: ReadonlyMap<string, JsonObject>;
  readonly outputs: ReadonlyMap<string, { readonly sensitive: boolean; readonly value: unknown }>;
  /**
   * Addresses whose secret the state does not have in plaintext, such as that of an imported key.
   */
  readonly withoutSecret: ReadonlySet<string>;
  /** Addresses of objects that stay in AWS, and that Terraform stops to manage. */
  readonly forgotten: ReadonlySet<string>;
}

/**
 * Whether this project creates resources at an address; the permissions of other resources are
 * unknown.
 */
export function isOurs(address: string): boolean {
  return (
    [...Object.values(ADDRESSES), ...Object.values(KEY_ADDRESSES)].includes(address) ||
    policyOfAddress(address) !== undefined ||
    isNodeAttachment(address)
  );
}

/** A reference as Terraform JSON has it. */
export function reference(to: string): string {
  return `\${${to}}`;
}

const DOCUMENT = /^\$\{data\.aws_iam_policy_document\.[\w-]+\.json\}$/;

/**
 * A deployment as its Terraform JSON describes it.
 * @param policies of the review pack: those that the Terraform JSON refers to, as AWS stores them
 * @param account stands for the account that Terraform would find
 * @param withoutSecret addresses of imported keys
 */
export function snapshotOfPack(
  given: JsonObject,
  policies: ReadonlyMap<string, Policy>,
  account: string,
  withoutSecret: readonly string[],
): Snapshot {
  const found = reference(`${ADDRESSES.callerIdentity}.account_id`);
  const pack = objectOf(mapStrings(given, (string) => string.replaceAll(found, account)));
  const resources = Object.entries(objectOf(pack.resource)).flatMap(([type, named]) =>
    Object.entries(objectOf(named)).map(([name, content]) => {
      const attributes = objectOf(content);
      const { number = 1 } = policyOfAddress(`${type}.${name}`) ?? {};
      const isReference = DOCUMENT.test(textOf(attributes.policy) ?? "");
      const stored = policies.get(policyFile(number));
      const storedText = typeof stored === "string" ? stored : JSON.stringify(stored);
      return [
        `${type}.${name}`,
        { ...attributes, policy: isReference ? storedText : attributes.policy },
      ] as const;
    }),
  );
  const forgotten = listOf(pack.removed).map((block) => textOf(objectOf(block).from) ?? "");
  const outputs = Object.entries(objectOf(pack.output)).map(([name, output]) => {
    const { value, sensitive } = objectOf(output);
    return [name, { sensitive: sensitive === true, value }] as const;
  });
  return {
    resources: new Map(resources),
    outputs: new Map(outputs),
    withoutSecret: new Set(withoutSecret),
    forgotten: new Set(forgotten),
  };
}

/** One side of the changes of a plan. */
export function snapshotOfPlan(plan: Plan, side: "before" | "after"): Snapshot {
  const resources = managedChanges(plan).flatMap(({ address, actions, later, ...change }) => {
    // What Terraform forgets stays as it is, unless it creates another object at the address.
    const attributes = change[side] ?? (actions.includes("forget") ? change.before : undefined);
    const unknown = side === "after" ? later.map((name) => [name, UNKNOWN]) : [];
    return attributes === undefined
      ? []
      : [[address, { ...attributes, ...Object.fromEntries(unknown) }] as const];
  });
  const outputs = plan.outputs
    .filter(({ actions }) => !actions.includes(side === "before" ? "create" : "delete"))
    .map(({ name, ...output }) => [name, output[side]] as const);
  const withoutSecret = resources
    .filter(([, { secret }]) => textOf(secret) === undefined)
    .map(([address]) => address);
  const forgotten = managedChanges(plan).flatMap(({ address, actions }) =>
    actions.includes("forget") ? [address] : [],
  );
  return {
    resources: new Map(resources),
    outputs: new Map(outputs),
    withoutSecret: new Set(withoutSecret),
    forgotten: new Set(forgotten),
  };
}

/** The changes of resources in a plan, without left-overs of failed replacements (`deposed`). */
export function managedChanges({ changes }: Plan): readonly PlannedChange[] {
  return changes.filter(({ isManaged, deposed }) => isManaged && deposed === undefined);
}

/** The value of an attribute that is known only after the apply. */
export const UNKNOWN = "known after apply";

/** The managed policies of the deployment by number, whether they are attached or not. */
export function userPoliciesOf(snapshot: Snapshot): ReadonlyMap<number, Policy> {
  return new Map(
    [...snapshot.resources.keys()].flatMap((address) => {
      const { what, number = 1 } = policyOfAddress(address) ?? {};
      return what === "policy" ? [[number, policyAt(snapshot, address)] as const] : [];
    }),
  );
}

/** The policy in an argument of a resource; undefined without the resource. */
export function policyAt(
  { resources }: Snapshot,
  address: string,
  argument = "policy",
): Policy | undefined {
  const attributes = resources.get(address);
  return attributes && readPolicy(textOf(attributes[argument]) ?? UNKNOWN);
}

interface SnapshotKey {
  readonly id: string | undefined;
  readonly status: string;
  readonly pgpKey: string | undefined;
  readonly recorded: string | undefined;
  readonly created: Date | undefined;
}

/**
 * The key in a slot, without its secrets. Active is the provider's default. `recorded` is the
 * fingerprint of the OpenPGP key that the provider encrypted the secret for, in upper case. Source:
 * `encryptValue` in internal/service/iam of the AWS provider 5.100.0.
 */
export function keyIn({ resources }: Snapshot, slot: Slot): SnapshotKey | undefined {
  const key = resources.get(KEY_ADDRESSES[slot]);
  const recorded = textOf(key?.key_fingerprint)?.toUpperCase();
  const created = new Date(textOf(key?.create_date) ?? "");
  return (
    key && {
      id: textOf(key.id),
      status: textOf(key.status) ?? "Active",
      pgpKey: textOf(key.pgp_key),
      recorded,
      created: Number.isNaN(created.getTime()) ? undefined : created,
    }
  );
}

/** The slot whose key the outputs have. */
export function currentSlot({ outputs }: Snapshot): Slot | undefined {
  return SLOTS.find((slot) => slot === outputs.get("access_key_slot")?.value);
}

/** The slots that have a key. */
export function slotsOf(snapshot: Snapshot): readonly Slot[] {
  return SLOTS.filter((slot) => keyIn(snapshot, slot) !== undefined);
}

/** An attribute of a resource, if both are there and it is set. */
export function attribute(
  { resources }: Snapshot,
  address: string,
  name: string,
): string | undefined {
  return textOf(resources.get(address)?.[name]);
}
