import { partitionOf, policyArn } from "../../../../iam/arns";
import { presentAt } from "../../../terraform/state-file";
import { type ExistingObject, type IamReader, requiredOf } from "../../aws/iam-reader";
import { isImported, type ManagedObject, managedObjects } from "../../managed-objects";
import { day, ownerFindings } from "../../ownership";
import { type Check, orErrorFinding, type PreflightFound, type Subject, when } from "../check";

/** The names of the deployment's own user, policies, group and node role: whether they are free, or else whose the objects are. */
export const resourceNamesCheck: Check = {
  id: "resource-names",
  field: "user.name",
  async run({ iam }, subject) {
    let reading: ReturnType<Subject["state"]> | undefined;
    // Only where an object exists: a state can take long to read.
    const state = () => {
      reading ??= subject.state();
      return reading;
    };
    const findings = managedObjects(subject.deployment).map(async (object) => {
      const location = { object: `${object.kind} ${object.name}`, field: `${object.setting}.name` };
      const found = await orErrorFinding(nameFindings(object, iam, { ...subject, state }));
      return found.map((finding) => ({ ...location, ...finding }));
    });
    return (await Promise.all(findings)).flat();
  },
};

/** What is found about the name of an object: nothing if it is free, or the object is managed or imported. */
async function nameFindings(
  object: ManagedObject,
  iam: IamReader,
  { deployment, account, state }: Subject,
): Promise<readonly PreflightFound[]> {
  const { kind, name, path, setting, address, imports = "" } = object;
  const isPolicy = kind === "policy";
  const id = isPolicy ? policyArn({ partition: partitionOf(deployment.region), account, path, name }) : name;
  const existing = requiredOf(await iam.object(kind, id)) ?? (isPolicy ? await policyOfName(iam, name) : undefined);
  if (existing === undefined) {
    const read = isImported(deployment, object) ? await state() : undefined;
    // Terraform ignores an import into an address that the state has.
    const isMissing = read !== undefined && !("value" in read && presentAt(read.value.resources, address) !== undefined);
    return when(isMissing, { rule: "name-import-missing", field: `import.${imports}`, values: { imports, setting } });
  }
  const read = await state();
  const { Arn: arn = "", Path: existingPath = "/", CreateDate } = existing;
  const values = { arn, since: day(CreateDate), setting };
  if ("unread" in read) {
    const isToImport = isImported(deployment, object) && existingPath === path;
    return when(!isToImport, { rule: "name-state-unread", values: { ...values, reason: read.unread } });
  }
  const managed = presentAt(read.value.resources, address)?.attributes;
  if (managed !== undefined && managed.arn !== arn && managed.name !== name) {
    return [{ rule: "name-address-taken", values: { ...values, address, managed: String(managed.name) } }];
  }
  const uses = await iam.uses(kind, isPolicy ? arn : name);
  return ownerFindings(object, existing, uses, { settings: deployment, state: read.value });
}

/** IAM compares the names of policies without path and case. */
async function policyOfName(iam: IamReader, name: string): Promise<ExistingObject | undefined> {
  const policies = await iam.list("iam:ListPolicies", { Scope: "Local" }, ({ Policies }) => Policies);
  return requiredOf(policies).find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase());
}
