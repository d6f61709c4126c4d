import { policyArn } from "../../../../iam/arns";
import type { Deployment } from "../../../../settings/deployment";
import type { StateResource } from "../../../terraform/state-file";
import { type ExistingObject, type IamReader, mapped, type Reading } from "../../aws/iam-reader";
import { type ManagedObject, managedObjects } from "../../managed-objects";
import { type Ownership, ownershipOf } from "../../ownership";
import { check, type PreflightFound, type Subject } from "../check";

/** An object that an apply creates under a name of the settings, and what IAM has there. */
export interface NamedObject extends ManagedObject {
  readonly existing: Reading<ExistingObject | undefined>;
  /** What uses the object. */
  readonly uses: Reading<readonly string[]>;
}

export interface ResourceNames {
  readonly deployment: Deployment;
  readonly objects: readonly NamedObject[];
  /** What Terraform manages; not read if no object exists. */
  readonly state: Reading<readonly StateResource[]>;
}

const title = ({ kind, name }: Pick<ManagedObject, "kind" | "name">) => `${kind} ${name}`;
const existingOf = ({ existing }: NamedObject) => ("value" in existing ? existing.value : undefined);
const isAbsent = ({ existing }: NamedObject) => "value" in existing && existing.value === undefined;

/** Whether the deployment's names are free, or the objects that have them are its own; else whose they are. */
export function checkResourceNames(names: ResourceNames): readonly PreflightFound[] {
  const { objects, deployment } = names;
  const free = objects.filter((object) => isAbsent(object) && deployment.import?.[object.imports] !== true);
  const findings = objects
    .filter((object) => !free.includes(object))
    .map((object): PreflightFound => ({ object: title(object), field: `${object.setting}.name`, ...checkObject(object, names) }));
  return free.length === 0 ? findings : [{ rule: "names-free", values: { objects: free.map(title) } }, ...findings];
}

function checkObject(named: NamedObject, { deployment, objects, state }: ResourceNames): PreflightFound {
  const { kind, name, path, setting, imports, address } = named;
  const { stack } = deployment;
  const object = title(named);
  const isImported = deployment.import?.[imports] === true;
  if ("unread" in named.existing) {
    return { rule: "object-unread", values: { object, reason: named.existing.unread } };
  }
  const existing = named.existing.value;
  if (existing === undefined) {
    return { rule: "name-import-missing", field: `import.${imports}`, values: { object, imports, setting } };
  }
  const { Arn: arn = "", Path: existingPath = "/", CreateDate } = existing;
  const values = { object, arn, since: CreateDate?.toISOString().slice(0, 10), setting, imports };
  if (isImported && (kind === "policy" || kind === "role") && existingPath !== path) {
    return { rule: "name-import-path", field: `${setting}.path`, values: { ...values, path, existingPath } };
  }
  if ("unread" in state) {
    return isImported
      ? { rule: "name-imported", values }
      : { rule: "name-state-unread", values: { ...values, reason: state.unread } };
  }
  const managed = state.value.find((resource) => resource.address === address)?.attributes;
  if (managed !== undefined && managed.arn !== arn && managed.name !== name) {
    return { rule: "name-address-taken", address, values: { ...values, address, managed: String(managed.name) } };
  }
  const { owner, by } = ownerOf(named, objects, deployment, state.value);
  if (managed !== undefined || owner === "ours") {
    return { rule: "name-managed", address, values: { object } };
  }
  if (owner === "another") {
    return { rule: "name-of-another", values: { ...values, by } };
  }
  if (isImported) {
    return { rule: "name-imported", values };
  }
  const absent = objects.filter((other) => other.imports === imports && isAbsent(other)).map(title);
  if (absent.length > 0) {
    return { rule: "name-in-part", values: { ...values, absent } };
  }
  const rule = owner === "unknown" ? "name-owner-unknown" : "name-unmanaged";
  return { rule, values: { ...values, stack, path: existingPath === path ? undefined : existingPath } };
}

function ownerOf(
  { kind, name, uses }: NamedObject,
  objects: readonly NamedObject[],
  settings: Deployment,
  state: readonly StateResource[],
): Ownership {
  const userExists = objects.some((object) => object.kind === "user" && existingOf(object) !== undefined);
  return ownershipOf({ kind, name }, uses, { settings, state, userExists });
}

/** What IAM has under the name of an object, and what uses it. */
async function read(object: ManagedObject, iam: IamReader, { partition, account }: Subject): Promise<NamedObject> {
  const { kind, name, path } = object;
  const isPolicy = kind === "policy";
  const found = await iam.object(kind, isPolicy ? policyArn({ partition, account, path, name }) : name);
  const existing = isPolicy && "value" in found && found.value === undefined ? await policyOfName(iam, name) : found;
  const there = "value" in existing ? existing.value : undefined;
  const uses = there === undefined ? { value: [] } : await iam.uses(kind, isPolicy ? (there.Arn ?? "") : name);
  return { ...object, existing, uses };
}

/** IAM compares the names of policies without path and case. */
async function policyOfName(iam: IamReader, name: string): Promise<Reading<ExistingObject | undefined>> {
  const policies = await iam.list("iam:ListPolicies", { Scope: "Local" }, ({ Policies }) => Policies);
  return mapped(policies, (all) => all.find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase()));
}

/** The names of the deployment's own user, policies, group and node role. */
export const resourceNamesCheck = check({
  id: "resource-names",
  field: "user.name",
  calls: [
    "iam:GetUser",
    "iam:GetPolicy",
    "iam:ListPolicies",
    "iam:GetGroup",
    "iam:GetRole",
    "iam:ListEntitiesForPolicy",
    "iam:ListInstanceProfilesForRole",
  ],
  where: "always-on region",
  async run({ iam }, subject) {
    const { deployment, state } = subject;
    const objects = await Promise.all(managedObjects(deployment).map((object) => read(object, iam, subject)));
    const exists = objects.some((object) => existingOf(object) !== undefined);
    return checkResourceNames({ deployment, objects, state: exists ? await state() : { value: [] } });
  },
});
