import { policyArn } from "../../../../iam/arns";
import type { Deployment } from "../../../../settings/deployment";
import { presentIn } from "../../../terraform/state-file";
import { type ExistingObject, type IamReader, mapReading, type Reading } from "../../aws/iam-reader";
import { isImported, type ManagedObject, managedObjects } from "../../managed-objects";
import { type DeploymentFacts, day, ownerFindings, ownershipOf } from "../../ownership";
import { type Check, type PreflightFound, type Subject, when } from "../check";

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
    "iam:ListAttachedGroupPolicies",
    "iam:ListEntitiesForPolicy",
    "iam:ListInstanceProfilesForRole",
  ],
  async run({ iam }, subject) {
    const { deployment } = subject;
    const objects = await Promise.all(managedObjects(deployment).map((object) => read(object, iam, subject)));
    // Where no object exists, it does not matter whose it is.
    const state = objects.some(existingOf) ? await subject.state() : { unread: "" };
    return objects.flatMap((object) => {
      const location = { object: `${object.kind} ${object.name}`, field: `${object.setting}.name` };
      return checkObject(object, deployment, state).map((found) => ({ ...location, ...found }));
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
  return mapReading(policies, (all) => all.find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase()));
}

const existingOf = ({ existing }: NamedObject) => ("value" in existing ? existing.value : undefined);

type State = NonNullable<DeploymentFacts["state"]>;

/** What is found about an object: nothing if its name is free, or it is managed or imported. */
function checkObject(named: NamedObject, deployment: Deployment, state: Reading<State>): readonly PreflightFound[] {
  const { kind, path, setting, imports = "", existing } = named;
  const isToImport = isImported(deployment, named);
  if ("unread" in existing) {
    const isDenied = existing.code === "AccessDenied" || existing.code === "AccessDeniedException";
    return [{ rule: isDenied ? "object-denied" : "object-unread", values: { reason: existing.unread } }];
  }
  if (existing.value === undefined) {
    return when(isToImport, { rule: "name-import-missing", field: `import.${imports}`, values: { imports, setting } });
  }
  const { Arn: arn = "", Path: existingPath = "/", CreateDate } = existing.value;
  const values = { arn, since: day(CreateDate), setting };
  if (isToImport && (kind === "policy" || kind === "role") && existingPath !== path) {
    return [{ rule: "name-import-path", field: `${setting}.path`, values: { ...values, imports, path, existingPath } }];
  }
  return "unread" in state
    ? when(!isToImport, { rule: "name-state-unread", values: { ...values, reason: state.unread } })
    : checkOwner(named, existing.value, deployment, state.value);
}

/** What is found about an object that exists, by whose it is. */
function checkOwner(
  { kind, name, path, address, setting, imports, uses }: NamedObject,
  { Arn: arn = "", Path: existingPath = "/", CreateDate }: ExistingObject,
  deployment: Deployment,
  state: State,
): readonly PreflightFound[] {
  const values = { arn, since: day(CreateDate), setting };
  const managed = presentIn(state.resources).find((resource) => resource.address === address)?.attributes;
  if (managed !== undefined) {
    const isOther = managed.arn !== arn && managed.name !== name;
    return when(isOther, { rule: "name-address-taken", address, values: { ...values, address, managed: String(managed.name) } });
  }
  const ownership = ownershipOf({ kind, name }, uses, { settings: deployment, state });
  const isToImport = isImported(deployment, { imports }) && ownership.owner !== "another";
  const pathToSet = existingPath === path ? undefined : existingPath;
  return isToImport ? [] : ownerFindings(ownership, { ...values, stack: deployment.stack, path: pathToSet });
}
