import { partitionOf, policyArn } from "../../../iam/arns";
import type { Deployment } from "../../../settings/deployment";
import { isPresent, type StateContents } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import { isImported, type ManagedObject, managedObjects } from "../managed-objects";
import { type Ownership, ownershipOf } from "../ownership";

/** An object at whose address the state has nothing, with the ARN that a policy of its name has. */
type NamedObject = ManagedObject & { readonly arn: string };

/** An object of the settings that the state lacks. */
export interface LackingObject extends NamedObject, Ownership {
  /** Whether IAM has it, or may have it. */
  readonly inIam: boolean;
  /** Whether the settings import it. */
  readonly isImported: boolean;
}

/** The objects that the state lacks. Attachments are none of them: an apply may attach what is attached. */
export function namedObjects(
  settings: Deployment,
  { resources }: Pick<StateContents, "resources">,
  account: string,
): readonly NamedObject[] {
  return managedObjects(settings)
    .filter(({ address }) => !isPresent(resources, address))
    .map((object) => ({ ...object, arn: policyArn({ partition: partitionOf(settings.region), account, ...object }) }));
}

/** An object that the state lacks, and whose it is. @param uses what uses it; undefined: IAM does not have it */
export function lackingObject(
  object: NamedObject,
  uses: Reading<readonly string[]> | undefined,
  facts: { readonly settings: Deployment; readonly state: StateContents },
): LackingObject {
  const ownership = ownershipOf(object, uses ?? { value: [] }, facts);
  return { ...object, ...ownership, inIam: uses !== undefined, isImported: isImported(facts.settings, object) };
}
