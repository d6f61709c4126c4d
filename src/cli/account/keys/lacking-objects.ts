import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../../terraform/addresses";
import { policyOfAddress } from "../../terraform/known-addresses";
import type { StateContents, StateResource } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import { type ManagedObject, managedObjects } from "../managed-objects";
import { ownershipOf } from "../ownership";
import type { LackingObject, UndeletablePolicy } from "./situation";

type State = Pick<StateContents, "resources" | "outputs">;

/** An object that an apply creates or imports; also the attachment of the first policy to the user. */
export type NamedObject = Omit<ManagedObject, "kind"> & Pick<LackingObject, "kind">;

/** The objects of the settings that the state does not have. */
export function namedObjects(settings: Deployment, { resources }: State): readonly NamedObject[] {
  const names = new Map(resources.map(({ address, attributes }) => [address, attributes.name]));
  const objects: NamedObject[] = [...managedObjects(settings)];
  if (settings.attachment !== "group") {
    const { name, path } = settings.policy;
    const address = ADDRESSES.userAttachment;
    objects.push({ kind: "attachment", name, path, setting: "policy", imports: "attachment", address });
  }
  // An additional policy of another content has another name at the same address.
  return objects.filter(({ address, imports, name }) =>
    imports === "additionalPolicies" ? names.get(address) !== name : !names.has(address),
  );
}

/** The additional policies of the state that the settings do not have: an apply deletes them. The first one, `protect` protects. */
export function formerPolicies({ policies }: Deployment, { resources }: State): readonly StateResource[] {
  return resources.filter(({ address, attributes }) => {
    const found = policyOfAddress(address);
    return found?.what === "policy" && found.number > 1 && policies.every(({ name }) => name !== attributes.name);
  });
}

/** A former policy that something uses through no attachment of the state: IAM rejects its deletion (DeleteConflict). */
export function undeletablePolicy(
  { address, attributes: { name, arn } }: StateResource,
  uses: Reading<readonly string[]>,
  { resources }: State,
): readonly UndeletablePolicy[] {
  const attachments = resources.filter(({ attributes }) => attributes.policy_arn === arn);
  const known = attachments.map(({ attributes: { user, group } }) => (user ? `user ${String(user)}` : `group ${String(group)}`));
  const by = "value" in uses ? uses.value.filter((use) => !known.includes(use)) : [];
  return by.length === 0 ? [] : [{ address, name: String(name), by }];
}

/** Whether IAM has the user, and the objects that the state lacks, each with what uses it; undefined: IAM does not have it. */
export interface NamedInIam {
  readonly userExists: boolean;
  readonly objects: readonly (NamedObject & { readonly uses: Reading<readonly string[]> | undefined })[];
}

/** The objects that the state lacks, each with its owner. */
export function lackingObjects(
  settings: Deployment,
  state: State,
  { userExists, objects }: NamedInIam,
): readonly LackingObject[] {
  const facts = { settings, state: state.resources, outputs: Object.values(state.outputs), userExists };
  const found: LackingObject[] = [];
  for (const { uses, ...object } of objects) {
    const { kind, name, imports, setting } = object;
    // The attachment is its policy's, which comes before it.
    const { owner, by } =
      kind === "attachment"
        ? (found.find((other) => other.imports === "policy") ?? { owner: "ours-unmanaged", by: [] })
        : ownershipOf({ kind, name }, uses ?? { value: [] }, facts);
    const isImported = settings.import?.[imports] === true;
    const stale = staleAddresses(object, settings, state);
    found.push({ kind, name, imports, setting, inIam: uses !== undefined, isImported, owner, by, stale });
  }
  return found;
}

/** What the state has of a former additional policy at the address of this one. */
function staleAddresses({ address, kind, name }: NamedObject, { policies }: Deployment, { resources }: State) {
  const policy = policies.find((candidate) => candidate.name === name);
  if (kind !== "policy" || policy === undefined || resources.every((resource) => resource.address !== address)) {
    return undefined;
  }
  const ofPolicy = (["policy", "userAttachment", "groupAttachment"] as const).map((what) => policyAddress(what, policy.number));
  return resources.map((resource) => resource.address).filter((candidate) => ofPolicy.includes(candidate));
}
