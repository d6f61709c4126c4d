import type { Deployment } from "../../../../settings/deployment";
import type { StateResource } from "../../../terraform/state-file";
import { dkpAccess } from "../../../text/command";
import { recovery } from "../../../text/recovery";
import type { Reading } from "../../aws/iam-reader";
import { inOrder } from "../../aws/operations";
import { type ExistingObject, existingObject, type ManagedObject, managedObjects } from "../../managed-objects";
import { check, type Finding, failed, ok, type Tools, unknown } from "../check";

export interface OwnNames {
  readonly stack: string;
  readonly objects: readonly (ManagedObject & { readonly existing: ExistingObject | undefined })[];
  /** What Terraform manages; not read if no object exists. */
  readonly state: Reading<readonly StateResource[]>;
  readonly imports: Deployment["import"];
}

/** Whether the deployment's names are free, or the objects that have them are its own; else how to import them. */
export function judgeOwnNames(names: OwnNames): readonly Finding[] {
  const { objects, imports } = names;
  const free = objects.filter((object) => object.existing === undefined && imports?.[object.imports] !== true);
  const used = objects.filter((object) => !free.includes(object));
  const findings =
    free.length === 0 ? [] : [ok(`${free.map(title).join(", ")}: ${free.length === 1 ? "does" : "do"} not exist yet`)];
  return [...findings, ...used.map(({ existing, ...object }) => judge(object, existing, names))];
}

const title = ({ kind, name }: ManagedObject) => `${kind} ${name}`;

function judge(object: ManagedObject, existing: ExistingObject | undefined, names: OwnNames): Finding {
  const { kind, name, path, setting, imports, address } = object;
  const { state } = names;
  const imported = names.imports?.[imports] === true;
  if (existing === undefined) {
    return failed(
      `${title(object)} does not exist, and import.${imports} is set: the plan would fail`,
      `remove import.${imports}, or correct ${setting}.name and ${setting}.path`,
    );
  }
  const created = existing.CreateDate === undefined ? "" : `, created ${existing.CreateDate.toISOString().slice(0, 10)}`;
  const found = `${title(object)} exists (${existing.Arn}${created})`;
  // An apply cannot change these paths: a policy is imported by its ARN, a role would be replaced.
  if (imported && (kind === "policy" || kind === "role") && existing.Path !== path) {
    return failed(
      `${found}, and import.${imports} is set with ${setting}.path: ${path}, where it does not exist`,
      `set ${setting}.path: ${existing.Path}; otherwise choose another ${setting}.name`,
    );
  }
  if ("unread" in state) {
    return imported
      ? ok(`${found}, and import.${imports} imports it`)
      : unknown(
          `${found}; whether this deployment manages it is unknown, because no state is readable: ${state.unread}`,
          `if this deployment has a state, run ${dkpAccess("synth")} and terraform init, and try again; ${remedyOf(object, existing, names)}`,
        );
  }
  const managed = state.value.find((resource) => resource.address === address)?.attributes;
  if (managed !== undefined) {
    return managed.arn === existing.Arn || managed.name === name
      ? ok(`${title(object)} exists, and the state manages it`)
      : failed(
          `${found}, and the state does not manage it: ${address} is ${String(managed.name)}`,
          `choose another ${setting}.name; an object cannot be imported where the state has one`,
        );
  }
  return imported
    ? ok(`${found}, and the next apply imports it (import.${imports})`)
    : failed(
        `${found}, and the state does not manage it: the apply would fail with EntityAlreadyExists (${recovery("half-made")})`,
        remedyOf(object, existing, names),
      );
}

/** What to do about an object that the state does not manage. Which part of `import` is safe, and which key, is for `keys` to say. */
function remedyOf({ setting, imports, path }: ManagedObject, { Path }: ExistingObject, { stack, objects }: OwnNames): string {
  const otherName = `otherwise choose another ${setting}.name`;
  const absent = objects.filter((other) => other.imports === imports && other.existing === undefined);
  if (absent.length > 0) {
    return `delete it if it is left over: import.${imports} imports all or none, and ${absent.map(title).join(", ")} does not exist; ${otherName}`;
  }
  const located = Path === path ? "" : `set ${setting}.path: ${Path}, and `;
  return `if it is to be this deployment's, ${located}import it with the steps of ${dkpAccess("keys", stack)}; ${otherName}`;
}

type Calls = "iam:GetUser" | "iam:GetPolicy" | "iam:ListPolicies" | "iam:GetGroup" | "iam:GetRole";

/** IAM compares the names of policies without path and case. */
async function policyOfName(callAll: Tools<Calls>["callAll"], name: string): Promise<ExistingObject | undefined> {
  const pages = await callAll("iam:ListPolicies", { Scope: "Local" });
  const policies = pages.flatMap(({ Policies = [] }) => Policies);
  return policies.find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase());
}

/** The names of the deployment's own user, policies, group and node role. */
export const ownNamesCheck = check({
  name: "own names",
  calls: ["iam:GetUser", "iam:GetPolicy", "iam:ListPolicies", "iam:GetGroup", "iam:GetRole"],
  where: "always-on region",
  async run({ call, callAll }, { deployment, state, partition, account }) {
    const objects = await inOrder(
      managedObjects(deployment).map(async (object) => {
        const found = await existingObject(call, object, { partition, account });
        return {
          ...object,
          existing: found ?? (object.kind === "policy" ? await policyOfName(callAll, object.name) : undefined),
        };
      }),
    );
    const exists = objects.some(({ existing }) => existing !== undefined);
    const { stack, import: imports } = deployment;
    return judgeOwnNames({ stack, objects, state: exists ? await state() : { value: [] }, imports });
  },
});
