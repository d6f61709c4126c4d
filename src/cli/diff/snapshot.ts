import { SLOTS, type Slot } from "../../iam/key-slots";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyOfAddress } from "../../terraform/addresses";
import { type JsonObject, listOf, objectOf, textOf } from "./json-values";
import { ACCOUNT_REFERENCE, type Policy, policyOfTerraform, readPolicy, UNKNOWN_POLICY } from "./policies";

/** One side of a change: what of a deployment decides who may do what. */
export interface Snapshot {
  /** What Terraform manages, by address. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** The managed policies of the deployment by number, whether they are attached or not. */
  readonly userPolicies: ReadonlyMap<number, Policy>;
  readonly nodePolicy?: Policy | undefined;
  /** Who may assume the node role. */
  readonly nodeTrust?: Policy | undefined;
  readonly outputs: ReadonlyMap<string, Output>;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** A resource without the secrets of an access key. */
export interface Resource {
  readonly type: string;
  readonly attributes: JsonObject;
}

export interface Output {
  readonly sensitive: boolean;
  /** Whether a plan leaves it as it is. */
  readonly stays: boolean;
  /** Only of outputs that never are secret. */
  readonly value?: string | undefined;
}

/** Whether this project creates resources at an address; the permissions of other resources are unknown. */
export function isOurs(address: string): boolean {
  return (
    [...Object.values(ADDRESSES), ...Object.values(KEY_ADDRESSES)].includes(address) ||
    policyOfAddress(address) !== undefined ||
    isNodeAttachment(address)
  );
}

/** Outputs whose values are shown. */
const PUBLIC_OUTPUTS: ReadonlySet<string> = new Set(["access_key_slot", "region"]);

/** A reference as Terraform JSON has it. */
export function reference(to: string): string {
  return `\${${to}}`;
}

/** The account that a deployment is bound to, if its settings state one. */
export function statedAccount(pack: JsonObject): string | undefined {
  return textOf(listOf(providerOf(pack).allowed_account_ids)[0]);
}

/** The AWS provider of a deployment. */
export function providerOf(pack: JsonObject): JsonObject {
  return objectOf(listOf(objectOf(pack.provider).aws)[0]);
}

/**
 * A deployment as its Terraform JSON describes it.
 * @param account stands for the account that Terraform would find, where the other side of the change states it
 */
export function snapshotOfPack(given: JsonObject, account = statedAccount(given)): Snapshot {
  const pack =
    account === undefined ? given : objectOf(JSON.parse(JSON.stringify(given).replaceAll(ACCOUNT_REFERENCE, () => account)));
  const resources = new Map(
    Object.entries(objectOf(pack.resource)).flatMap(([type, named]) =>
      Object.entries(objectOf(named)).map(([name, attributes]) => [`${type}.${name}`, resourceOf(type, attributes)] as const),
    ),
  );
  const policies = objectOf(objectOf(pack.data).aws_iam_policy_document);
  const outputs = Object.entries(objectOf(pack.output)).map(([name, given]) => {
    const { value, sensitive } = objectOf(given);
    return [name, outputOf(name, sensitive === true, value)] as const;
  });
  return {
    resources,
    userPolicies: userPoliciesOf(resources, (text) => resolved(text, policies)),
    ...nodePolicies(resources),
    outputs: new Map(outputs),
    tags: objectOf(objectOf(listOf(providerOf(pack).default_tags)[0]).tags),
  };
}

/** The policy that `policy` is: a reference to a document of the same configuration, or JSON. */
function resolved(text: string, documents: JsonObject): Policy {
  const name = /^\$\{data\.aws_iam_policy_document\.([\w-]+)\.json\}$/.exec(text)?.[1];
  return name === undefined || documents[name] === undefined ? readPolicy(text) : policyOfTerraform(documents[name]);
}

/** One side of the changes of a plan, as `terraform show -json` has them. */
export function snapshotOfPlan(plan: JsonObject, side: "before" | "after"): Snapshot {
  const resources = new Map(
    managedChanges(plan).flatMap(({ address, type, change }) => {
      // What Terraform forgets stays as it is.
      const attributes = side === "after" && change.actions.includes("forget") ? change.before : change[side];
      return attributes === null || attributes === undefined
        ? []
        : [[address, resourceOf(type, side === "after" ? withUnknown(attributes, change.after_unknown) : attributes)] as const];
    }),
  );
  const outputs = Object.entries(objectOf(plan.output_changes)).flatMap(([name, given]) => {
    const change = objectOf(given);
    const actions = listOf(change.actions);
    const isThere = !actions.includes(side === "before" ? "create" : "delete");
    const output = outputOf(name, change[`${side}_sensitive`] === true, change[side], actions.includes("no-op"));
    return isThere ? [[name, output] as const] : [];
  });
  return {
    resources,
    userPolicies: userPoliciesOf(resources, readPolicy),
    ...nodePolicies(resources),
    outputs: new Map(outputs),
    tags: objectOf(resources.get(ADDRESSES.user)?.attributes.tags_all),
  };
}

/** A change of a plan to what Terraform manages. */
export interface ManagedChange {
  readonly address: string;
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before?: unknown;
    readonly after?: unknown;
    readonly after_unknown?: unknown;
    /** Present where the plan imports an existing resource. */
    readonly importing?: unknown;
  };
}

/** The changes of a plan; left-overs of replacements that failed (`deposed`) are not among them. */
export function managedChanges(plan: JsonObject): readonly ManagedChange[] {
  return listOf(plan.resource_changes)
    .map((entry) => objectOf(entry))
    .filter(({ mode, deposed }) => mode === "managed" && deposed === undefined)
    .map((entry) => ({ ...entry, change: { actions: [], ...objectOf(entry.change) } }) as unknown as ManagedChange);
}

/** Stands for what is known only after the apply. */
export const UNKNOWN = "known after apply";

function withUnknown(attributes: unknown, unknown: unknown): JsonObject {
  const later = Object.entries(objectOf(unknown)).filter(([, value]) => isPartlyUnknown(value));
  return { ...objectOf(attributes), ...Object.fromEntries(later.map(([name]) => [name, UNKNOWN])) };
}

/** `true` for a value, and also somewhere inside it for a list or an object of which only a part is known. */
function isPartlyUnknown(unknown: unknown): boolean {
  return unknown === true || (typeof unknown === "object" && unknown !== null && Object.values(unknown).some(isPartlyUnknown));
}

/** Attributes of an access key that no summary may contain, encrypted or not. */
const KEY_SECRETS: readonly string[] = ["secret", "ses_smtp_password_v4", "encrypted_secret", "encrypted_ses_smtp_password_v4"];

function resourceOf(type: string, given: unknown): Resource {
  const attributes = objectOf(given);
  if (type !== "aws_iam_access_key") {
    return { type, attributes };
  }
  const shown = Object.fromEntries(Object.entries(attributes).filter(([name]) => !KEY_SECRETS.includes(name)));
  // Active is the provider's default. Of the OpenPGP key only whether it is another one counts.
  return { type, attributes: { ...shown, status: textOf(shown.status) ?? "Active", pgp_key: textOf(shown.pgp_key) } };
}

function outputOf(name: string, sensitive: boolean, value: unknown, stays = false): Output {
  return { sensitive, stays, value: PUBLIC_OUTPUTS.has(name) ? textOf(value) : undefined };
}

function userPoliciesOf(resources: Snapshot["resources"], read: (text: string) => Policy): Snapshot["userPolicies"] {
  return new Map(
    [...resources].flatMap(([address, resource]) => {
      const found = policyOfAddress(address);
      return found?.what === "policy" ? [[found.number, policyOf(resource, read)] as const] : [];
    }),
  );
}

function nodePolicies(resources: Snapshot["resources"]): Pick<Snapshot, "nodePolicy" | "nodeTrust"> {
  const [policy, role] = [ADDRESSES.nodePolicy, ADDRESSES.nodeRole].map((address) => resources.get(address));
  return {
    nodePolicy: policy && policyOf(policy, readPolicy),
    nodeTrust: role && policyOf(role, readPolicy, "assume_role_policy"),
  };
}

function policyOf({ attributes }: Resource, read: (text: string) => Policy, attribute = "policy"): Policy {
  const text = textOf(attributes[attribute]);
  return text === undefined || text === UNKNOWN ? UNKNOWN_POLICY : read(text);
}

/** The key in a slot. */
export function keyIn({ resources }: Snapshot, slot: Slot): JsonObject | undefined {
  return resources.get(KEY_ADDRESSES[slot])?.attributes;
}

/** The slots that have a key. */
export function slotsOf(snapshot: Snapshot): readonly Slot[] {
  return SLOTS.filter((slot) => keyIn(snapshot, slot) !== undefined);
}

/** An attribute of a resource, if both are there and it is set. */
export function attribute({ resources }: Snapshot, address: string, name: string): string | undefined {
  return textOf(resources.get(address)?.attributes[name]);
}
