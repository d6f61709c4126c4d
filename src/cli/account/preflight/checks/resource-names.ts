import { policyArn } from "../../../../iam/arns";
import type { Deployment } from "../../../../settings/deployment";
import type { StateResource } from "../../../terraform/state-file";
import { type ExistingObject, type IamReader, mapped, type Reading } from "../../aws/iam-reader";
import { type ManagedObject, managedObjects } from "../../managed-objects";
import { ownershipOf } from "../../ownership";
import type { Check, PreflightFound, Subject } from "../check";

/** The names of the deployment's own user, policies, group and node role: whether they are free, or else whose the objects are. */
export const resourceNamesCheck: Check = {
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
    const { deployment } = subject;
    const objects = await Promise.all(managedObjects(deployment).map((object) => read(object, iam, subject)));
    const state = objects.some(existingOf) ? await subject.state() : { value: [] };
    return objects.flatMap((object): readonly PreflightFound[] => {
      const found = checkObject(object, { deployment, objects, state });
      return found === undefined ? [] : [{ object: title(object), field: `${object.setting}.name`, ...found }];
    });
  },
};

/** An object that an apply creates under a name of the settings, and what IAM has there. */
interface NamedObject extends ManagedObject {
  readonly existing: Reading<ExistingObject | undefined>;
  /** What uses the object. */
  readonly uses: Reading<readonly string[]>;
}

/** What IAM has under the name of an object, and what uses it. */
async function read(object: ManagedObject, iam: IamReader, { partition, account }: Subject): Promise<NamedObject> {
  const { kind, name, path } = object;
  const isPolicy = kind === "policy";
  const found = await iam.object(kind, isPolicy ? policyArn({ partition, account, path, name }) : name);
  const existing = isPolicy && "value" in found && found.value === undefined ? await policyOfName(iam, name) : found;
  const value = "value" in existing ? existing.value : undefined;
  const uses = value === undefined ? { value: [] } : await iam.uses(kind, isPolicy ? (value.Arn ?? "") : name);
  return { ...object, existing, uses };
}

/** IAM compares the names of policies without path and case. */
async function policyOfName(iam: IamReader, name: string): Promise<Reading<ExistingObject | undefined>> {
  const policies = await iam.list("iam:ListPolicies", { Scope: "Local" }, ({ Policies }) => Policies);
  return mapped(policies, (all) => all.find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase()));
}

const title = ({ kind, name }: Pick<ManagedObject, "kind" | "name">) => `${kind} ${name}`;
const existingOf = ({ existing }: NamedObject) => ("value" in existing ? existing.value : undefined);
const isAbsent = ({ existing }: NamedObject) => "value" in existing && existing.value === undefined;

interface Names {
  readonly deployment: Deployment;
  readonly objects: readonly NamedObject[];
  /** What Terraform manages; not read if no object exists. */
  readonly state: Reading<readonly StateResource[]>;
}

type NameValues = Pick<ManagedObject, "setting" | "imports"> &
  Readonly<Record<"object" | "arn" | "stack", string> & Record<"since" | "path", string | undefined>>;

/** What is found about an object; undefined if its name is free, or it is managed or imported. */
function checkObject(named: NamedObject, names: Names): PreflightFound | undefined {
  const { kind, path, setting, imports, existing } = named;
  const { deployment, state } = names;
  const object = title(named);
  const isImported = deployment.import?.[imports] === true;
  if ("unread" in existing) {
    return { rule: "object-unread", values: { object, reason: existing.unread } };
  }
  if (existing.value === undefined) {
    const missing = { rule: "name-import-missing", field: `import.${imports}`, values: { object, imports, setting } } as const;
    return isImported ? missing : undefined;
  }
  const { Arn: arn = "", Path: existingPath = "/", CreateDate } = existing.value;
  const values = { object, arn, since: CreateDate?.toISOString().slice(0, 10), setting, imports, stack: deployment.stack };
  if (isImported && (kind === "policy" || kind === "role") && existingPath !== path) {
    return { rule: "name-import-path", field: `${setting}.path`, values: { ...values, path, existingPath } };
  }
  if ("unread" in state) {
    return isImported ? undefined : { rule: "name-state-unread", values: { ...values, reason: state.unread } };
  }
  const pathToSet = existingPath === path ? undefined : existingPath;
  return checkOwner(named, { ...names, state: state.value }, { ...values, path: pathToSet });
}

/** What is found about an object that exists, by whose it is. */
function checkOwner(
  { kind, name, address, imports, uses }: NamedObject,
  { deployment, objects, state }: Omit<Names, "state"> & { readonly state: readonly StateResource[] },
  values: NameValues,
): PreflightFound | undefined {
  const managed = state.find((resource) => resource.address === address)?.attributes;
  if (managed !== undefined && managed.arn !== values.arn && managed.name !== name) {
    return { rule: "name-address-taken", address, values: { ...values, address, managed: String(managed.name) } };
  }
  const userExists = objects.some((object) => object.kind === "user" && existingOf(object) !== undefined);
  const { owner, by } = ownershipOf({ kind, name }, uses, { settings: deployment, state, userExists });
  if (managed !== undefined || owner === "ours") {
    return undefined;
  }
  if (owner === "another") {
    return { rule: "name-of-another", values: { ...values, by } };
  }
  if (deployment.import?.[imports] === true) {
    return undefined;
  }
  const absent = objects.filter((other) => other.imports === imports && isAbsent(other)).map(title);
  return absent.length > 0
    ? { rule: "name-in-part", values: { ...values, absent } }
    : { rule: owner === "unknown" ? "name-owner-unknown" : "name-unmanaged", values };
}
