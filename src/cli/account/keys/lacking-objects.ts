import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import type { StateContents } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import { isImported, type ManagedObject, managedObjects } from "../managed-objects";
import { ownershipOf } from "../ownership";
import type { LackingObject } from "./situation";

type State = Pick<StateContents, "resources" | "outputs">;

/** An object that an apply creates or imports; also the attachment of the first policy to the user. */
export type NamedObject = Omit<ManagedObject, "kind"> & Pick<LackingObject, "kind">;

/** The objects of the settings that the state does not have. */
export function namedObjects(settings: Deployment, { resources }: State): readonly NamedObject[] {
  const addresses = new Set(resources.map(({ address }) => address));
  const objects: NamedObject[] = [...managedObjects(settings)];
  if (settings.attachment !== "group") {
    const { name, path } = settings.policy;
    const address = ADDRESSES.userAttachment;
    objects.push({ kind: "attachment", name, path, setting: "policy", imports: "attachment", address });
  }
  return objects.filter(({ address }) => !addresses.has(address));
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
    const { kind, name, imports, setting, address } = object;
    // The attachment is its policy's, which comes before it.
    const { owner, by } =
      kind === "attachment"
        ? (found.find((other) => other.imports === "policy") ?? { owner: "ours-unmanaged", by: [] })
        : ownershipOf({ kind, name }, uses ?? { value: [] }, facts);
    const inIam = uses !== undefined;
    found.push({ kind, name, imports, setting, address, inIam, isImported: isImported(settings, object), owner, by });
  }
  return found;
}
