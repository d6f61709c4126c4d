import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../../terraform/addresses";
import { policyOfAddress } from "../../terraform/known-addresses";
import type { StateContents, StateResource } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import { type ImportField, type ManagedObject, managedObjects } from "../managed-objects";
import { ownershipOf } from "../ownership";
import type { PendingImports, UnmanagedObject } from "./situation";

type State = Pick<StateContents, "resources" | "outputs">;

/** An object that the state does not have; also the attachment of the first policy to the user. */
export type LackingObject = Omit<ManagedObject, "kind"> & Pick<UnmanagedObject, "kind">;

/** The objects of the settings that the state does not have. */
export function lackingObjects(settings: Deployment, { resources }: State): readonly LackingObject[] {
  const names = new Map(resources.map(({ address, attributes }) => [address, attributes.name]));
  const objects: LackingObject[] = [...managedObjects(settings)];
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

/** What uses a former policy, and no attachment of the state ends: IAM rejects its deletion (DeleteConflict). */
export function unknownUses(
  { attributes }: StateResource,
  uses: Reading<readonly string[]>,
  { resources }: State,
): readonly string[] {
  const known = resources.flatMap(({ address, attributes: { policy_arn, user, group } }) => {
    const what = policyOfAddress(address)?.what;
    if (policy_arn !== attributes.arn) {
      return [];
    }
    return what === "userAttachment" ? `user ${String(user)}` : `group ${String(group)}`;
  });
  return "value" in uses ? uses.value.filter((use) => !known.includes(use)) : [];
}

/** What IAM has of a deployment. */
export interface ObjectsInIam {
  readonly userExists: boolean;
  /** The lacking objects that IAM has, or may have, each with what uses it. */
  readonly objects: readonly { readonly object: LackingObject; readonly uses: Reading<readonly string[]> }[];
}

/** The objects of the settings that IAM has, and neither the state has nor the settings import, each with its owner. */
export function unmanagedObjectsOf(
  settings: Deployment,
  state: State,
  { userExists, objects }: ObjectsInIam,
): readonly UnmanagedObject[] {
  const facts = { settings, state: state.resources, outputs: Object.values(state.outputs), userExists };
  const found: UnmanagedObject[] = [];
  for (const { object, uses } of objects) {
    const { kind, name, imports, setting } = object;
    // The attachment is its policy's, which comes before it.
    const { owner, by } =
      kind === "attachment"
        ? (found.find((other) => other.imports === "policy") ?? { owner: "ours-unmanaged", by: [] })
        : ownershipOf({ kind, name }, uses, facts);
    found.push({ kind, name, imports, setting, owner, by, stale: staleAddresses(object, settings, state) });
  }
  return found.filter(({ imports, stale }) => settings.import?.[imports] !== true || stale !== undefined);
}

/** The parts of the settings' `import` that the next apply imports, and those that IAM does not have, so that the plan fails. */
export function pendingImports(settings: Deployment, state: State, { objects }: ObjectsInIam): PendingImports {
  const found = new Set(objects.map(({ object }) => object.address));
  const imported = lackingObjects(settings, state).filter(({ imports }) => settings.import?.[imports] === true);
  const fields = (isThere: boolean): readonly ImportField[] => [
    ...new Set(imported.filter(({ address }) => found.has(address) === isThere).map(({ imports }) => imports)),
  ];
  return { existing: fields(true), missing: fields(false) };
}

/** What the state has of a former additional policy at the address of this one. */
function staleAddresses({ address, name, kind }: LackingObject, { policies }: Deployment, { resources }: State) {
  const policy = policies.find((candidate) => candidate.name === name);
  if (kind !== "policy" || policy === undefined || resources.every((resource) => resource.address !== address)) {
    return undefined;
  }
  const ofPolicy = (["policy", "userAttachment", "groupAttachment"] as const).map((what) => policyAddress(what, policy.number));
  return resources.map((resource) => resource.address).filter((candidate) => ofPolicy.includes(candidate));
}
