import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, policyAddress, policyOfAddress } from "../../../terraform/addresses";
import type { StateContents, StateResource } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import { type ImportField, type ManagedObject, managedObjects } from "../managed-objects";
import { ownershipOf } from "../ownership";
import type { PendingImports, UnmanagedObject } from "./situation";

type State = Pick<StateContents, "resources" | "outputs">;

/** The objects of the settings that the state does not have. */
export function lackingObjects(settings: Deployment, { resources }: State): readonly ManagedObject[] {
  const names = new Map(resources.map(({ address, attributes }) => [address, attributes.name]));
  // An additional policy of another content has another name at the same address.
  return managedObjects(settings).filter(({ address, imports, name }) =>
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

/** Whether the state lacks the attachment to the user. */
export const lacksAttachment = ({ attachment }: Deployment, { resources }: State): boolean =>
  attachment !== "group" && resources.every(({ address }) => address !== ADDRESSES.userAttachment);

/** What IAM has of a deployment. */
export interface ObjectsInIam {
  readonly userExists: boolean;
  /** The lacking objects that IAM has, or may have, each with what uses it. */
  readonly objects: readonly { readonly object: ManagedObject; readonly uses: Reading<readonly string[]> }[];
  /** Whether the first policy is attached to the user. */
  readonly isAttached: boolean;
}

/** The objects of the settings that IAM has, and neither the state has nor the settings import, each with its owner. */
export function unmanagedObjectsOf(
  settings: Deployment,
  state: State,
  { userExists, objects, isAttached }: ObjectsInIam,
): readonly UnmanagedObject[] {
  const facts = { settings, state: state.resources, outputs: Object.values(state.outputs), userExists };
  const found = objects.map(({ object, uses }): UnmanagedObject => {
    const { kind, name, imports, setting } = object;
    const stale = staleAddresses(object, settings, state);
    return { kind, name, imports, setting, ...ownershipOf({ kind, name }, uses, facts), stale };
  });
  if (isAttached && lacksAttachment(settings, state)) {
    const { owner, by } = found.find(({ imports }) => imports === "policy") ?? { owner: "ours-unmanaged", by: [] };
    found.push({ kind: "attachment", name: settings.policy.name, imports: "attachment", setting: "policy", owner, by });
  }
  return found.filter(({ imports, stale }) => settings.import?.[imports] !== true || stale !== undefined);
}

/** The parts of the settings' `import` that the next apply imports, and those that IAM does not have, so that the plan fails. */
export function pendingImports(settings: Deployment, state: State, { objects, isAttached }: ObjectsInIam): PendingImports {
  const found = new Set(objects.map(({ object }) => object.address));
  const lacking = lackingObjects(settings, state).map(({ address, imports }) => ({ imports, isThere: found.has(address) }));
  if (lacksAttachment(settings, state)) {
    lacking.push({ imports: "attachment", isThere: isAttached });
  }
  const imported = lacking.filter(({ imports }) => settings.import?.[imports] === true);
  const fields = (isThere: boolean): readonly ImportField[] => [
    ...new Set(imported.filter((object) => object.isThere === isThere).map(({ imports }) => imports)),
  ];
  return { existing: fields(true), missing: fields(false) };
}

/** What the state has of a former additional policy at the address of this one. */
function staleAddresses({ address, name }: ManagedObject, { policies }: Deployment, { resources }: State) {
  const policy = policies.find((candidate) => candidate.name === name);
  if (policy === undefined || resources.every((resource) => resource.address !== address)) {
    return undefined;
  }
  const ofPolicy = (["policy", "userAttachment", "groupAttachment"] as const).map((what) => policyAddress(what, policy.number));
  return resources.map((resource) => resource.address).filter((candidate) => ofPolicy.includes(candidate));
}
