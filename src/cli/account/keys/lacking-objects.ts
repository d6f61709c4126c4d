import { policyArn } from "../../../iam/arns";
import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { presentIn, type StateContents } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import { isImported, type ManagedObject, managedObjects } from "../managed-objects";
import { ownershipOf } from "../ownership";
import type { LackingObject } from "./situation";

/** An object that an apply creates or imports; also the attachment of the first policy to the user. */
export type NamedObject = Omit<ManagedObject, "kind"> & Pick<LackingObject, "kind" | "arn">;

/** The objects of the settings at whose addresses the state has nothing. */
export function namedObjects(
  settings: Deployment,
  { resources }: Pick<StateContents, "resources">,
  account: string,
): readonly NamedObject[] {
  const addresses = presentIn(resources).map(({ address }) => address);
  const { name, path } = settings.policy;
  const attachment = { kind: "attachment", name, path, setting: "policy", imports: "attachment" } as const;
  return [
    ...managedObjects(settings),
    ...(settings.attachment === "group" ? [] : [{ ...attachment, address: ADDRESSES.userAttachment }]),
  ]
    .filter(({ address }) => !addresses.includes(address))
    .map((object) => ({ ...object, arn: policyArn({ partition: partitionOf(settings.region), account, ...object }) }));
}

/** An object that the state lacks, with what uses it; undefined: IAM does not have it. */
export type FoundObject = NamedObject & { readonly uses: Reading<readonly string[]> | undefined };

/** The objects that the state lacks, each with its owner. */
export function lackingObjects(
  settings: Deployment,
  state: StateContents,
  objects: readonly FoundObject[],
): readonly LackingObject[] {
  const found: LackingObject[] = [];
  for (const { uses, ...object } of objects) {
    const { kind, name, imports, setting, address, arn } = object;
    // The attachment is its policy's, which comes before it.
    const { owner, by } =
      kind === "attachment"
        ? (found.find((other) => other.imports === "policy") ?? { owner: "ours-unmanaged", by: [] })
        : ownershipOf({ kind, name }, uses ?? { value: [] }, { settings, state });
    const inIam = uses !== undefined;
    found.push({ kind, name, imports, setting, address, arn, inIam, isImported: isImported(settings, object), owner, by });
  }
  return found;
}
