import { allIn } from "../../../terraform/state-file";
import { type ExistingObject, requiredOf } from "../../aws/iam-reader";
import {
  type DescribedThing,
  type Inventory,
  inventoryOfSettings,
  inventoryOfState,
  title,
} from "../../inventory";
import { day, unmanagedFindings } from "../../unmanaged-objects";
import {
  type Check,
  orErrorFinding,
  type PreflightFound,
  type StateReading,
  type Subject,
  when,
} from "../check";

export const resourceNamesCheck: Check = {
  id: "resource-names",
  field: "user.name",
  async run(subject) {
    let reading: StateReading | undefined;
    // Only where an object exists: a state can take long to read.
    const state = () => {
      reading ??= subject.state();
      return reading;
    };
    const described = inventoryOfSettings(subject.deployment, subject.account);
    const findings = described.things.map(async (object) => {
      const location = { object: title(object), field: `${object.setting}.name` };
      const found = await orErrorFinding(nameFindings(object, described, { ...subject, state }));
      return found.map((finding) => ({ ...location, ...finding }));
    });
    return (await Promise.all(findings)).flat();
  },
};

/** Nothing if the name is free, or the object is managed or imported. */
async function nameFindings(
  object: DescribedThing,
  described: Inventory,
  { deployment: settings, state, iam, list }: Subject,
): Promise<readonly PreflightFound[]> {
  const { kind, name, path, setting, address, isImported } = object;
  const isPolicy = kind === "policy";
  const existing =
    requiredOf(await iam.object(kind, isPolicy ? object.arn : name)) ??
    (isPolicy ? await policyOfName(list, name) : undefined);
  if (existing === undefined) {
    const read = isImported ? await state() : undefined;
    // Terraform ignores an import into an address that the state has.
    const isMissing =
      read !== undefined &&
      !("value" in read && allIn(read.value.resources).some((one) => one.address === address));
    return when(isMissing, {
      rule: "name-import-missing",
      field: `import.${setting}`,
      values: { imports: setting, setting },
    });
  }
  const read = await state();
  const { Arn: arn = "", Path: existingPath = "/", CreateDate } = existing;
  const values = { arn, since: day(CreateDate), setting };
  if ("unread" in read) {
    return when(!isImported || existingPath !== path, {
      rule: "name-state-unread",
      values: { ...values, reason: read.unread },
    });
  }
  const inState = inventoryOfState(allIn(read.value.resources));
  const managed = inState.things.find((thing) => thing.address === address);
  if (managed !== undefined && managed.arn !== arn && managed.name !== name) {
    return [{ rule: "name-address-taken", values: { ...values, address, managed: managed.name } }];
  }
  const uses = await iam.uses(kind, isPolicy ? arn : name);
  return unmanagedFindings(object, existing, uses, { settings, described, state: inState });
}

/** IAM compares the names of policies without path and case. */
async function policyOfName(
  list: Subject["list"],
  name: string,
): Promise<ExistingObject | undefined> {
  const policies = await list("iam:ListPolicies", { Scope: "Local" }, ({ Policies }) => Policies);
  return policies.find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase());
}
