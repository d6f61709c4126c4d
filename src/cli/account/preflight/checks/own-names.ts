import { policyArn } from "../../../../iam/arns";
import type { Deployment } from "../../../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../../../terraform/addresses";
import type { StateResource } from "../../../../terraform/state-file";
import { dkpAccess } from "../../../../text/command";
import { recovery } from "../../../../text/recovery";
import type { Reading } from "../../aws/iam-reader";
import { inOrder, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, type Subject, type Tools, unknown } from "../check";

type ImportField = "user" | "policy" | "additionalPolicies" | "group" | "nodeRole";

/** An object of the deployment that has a name of its own in IAM. */
export interface OwnObject {
  readonly kind: "user" | "policy" | "group" | "role";
  readonly name: string;
  readonly path: string;
  /** The setting that has its name and path. */
  readonly setting: "user" | "policy" | "group" | "nodeRole";
  /** The part of `import` that imports it. */
  readonly imports: ImportField;
  readonly address: string;
}

/** An object as IAM reports it. */
export interface ExistingObject {
  readonly arn: string;
  readonly path: string;
  readonly created?: Date | undefined;
  /** Undefined: IAM has no tags for objects of its kind. */
  readonly tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
  /** What else shows whose it is: "attached to 2 principals". */
  readonly use?: string | undefined;
  /** IDs of the user's access keys. */
  readonly keys?: readonly string[] | undefined;
}

export interface OwnNames {
  readonly stack: string;
  readonly objects: readonly (OwnObject & { readonly existing: ExistingObject | undefined })[];
  /** What Terraform manages; not read if no object exists. */
  readonly state: Reading<readonly StateResource[]>;
  readonly imports: Deployment["import"];
}

type Existing = OwnObject & { readonly existing: ExistingObject };

/** Whether the deployment's names are free, or the objects that have them are its own; else how to import them. */
export function judgeOwnNames(names: OwnNames): readonly Finding[] {
  const { objects, imports } = names;
  const missing = objects.filter(({ existing }) => existing === undefined);
  const free = missing.filter((object) => !isImported(object, imports));
  const findings =
    free.length === 0 ? [] : [ok(`${free.map(title).join(", ")}: ${free.length === 1 ? "does" : "do"} not exist yet`)];
  for (const object of missing.filter((each) => isImported(each, imports))) {
    const found = `${title(object)} does not exist, and import.${object.imports} is set: the plan would fail`;
    const remedy = `remove import.${object.imports}, or correct ${object.setting}.name and ${object.setting}.path`;
    findings.push(failed(found, remedy));
  }
  const present = objects.filter((object): object is Existing => object.existing !== undefined);
  return [...findings, ...present.map((object) => judgeExisting(object, names))];
}

const title = ({ kind, name }: OwnObject) => `${kind} ${name}`;

const isImported = ({ imports }: OwnObject, settings: Deployment["import"]) => settings?.[imports] === true;

function judgeExisting(object: Existing, names: OwnNames): Finding {
  const { kind, name, path, setting, imports, address, existing } = object;
  const { state } = names;
  const imported = isImported(object, names.imports);
  const found = `${title(object)} exists (${description(object)})`;
  // An apply cannot change these paths: a policy is imported by its ARN, a role would be replaced.
  if (imported && (kind === "policy" || kind === "role") && existing.path !== path) {
    return failed(
      `${found}, and import.${imports} is set with ${setting}.path: ${path}, where it does not exist`,
      `set ${setting}.path: ${existing.path}; otherwise choose another ${setting}.name`,
    );
  }
  if ("unread" in state) {
    return imported
      ? ok(`${found}, and import.${imports} imports it`)
      : unknown(
          `${found}; whether this deployment manages it is unknown, because no state is readable: ${state.unread}`,
          `if this deployment has a state, run ${dkpAccess("synth")} and terraform init, and try again; ${remedyOf(object, names)}`,
        );
  }
  const managed = state.value.find((resource) => resource.address === address)?.attributes;
  if (managed !== undefined) {
    return managed.arn === existing.arn || managed.name === name
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
        remedyOf(object, names),
      );
}

function description({ existing: { arn, created, tags, use, keys } }: Existing): string {
  const tagged = tags?.map(({ Key = "", Value = "" }) => `${Key}=${Value}`).join(", ");
  const facts = [
    arn,
    created && `created ${created.toISOString().slice(0, 10)}`,
    tagged === "" ? "no tags" : tagged && `tags ${tagged}`,
    use,
    keys && (keys.length === 0 ? "no access keys" : `access keys ${keys.join(", ")}`),
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

/** What to do about an object that the state does not manage. Which part of `import` is safe, and which key, is for `keys` to say. */
function remedyOf(object: Existing, { stack, objects }: OwnNames): string {
  const { setting, imports, path, existing } = object;
  const otherName = `otherwise choose another ${setting}.name`;
  const absent = objects.filter((other) => other.imports === imports && other.existing === undefined);
  if (absent.length > 0) {
    return `delete it if it is left over: import.${imports} imports all or none, and ${absent.map(title).join(", ")} does not exist; ${otherName}`;
  }
  const located = existing.path === path ? "" : `set ${setting}.path: ${existing.path}, and `;
  return `if it is to be this deployment's, ${located}import it with the steps of ${dkpAccess("keys", stack)}; ${otherName}`;
}

/** The objects that an apply creates under a name of the settings. */
export function ownObjects(deployment: Deployment): readonly OwnObject[] {
  const { user, policy, policies, group, nodeRole, attachment } = deployment;
  const objects: OwnObject[] = [{ kind: "user", ...nameOf(user), setting: "user", imports: "user", address: ADDRESSES.user }];
  for (const { number, name } of policies) {
    const address = policyAddress("policy", number);
    const imports = number === 1 ? "policy" : "additionalPolicies";
    objects.push({ kind: "policy", name, path: policy.path, setting: "policy", imports, address });
  }
  if (attachment !== "user") {
    objects.push({ kind: "group", ...nameOf(group), setting: "group", imports: "group", address: ADDRESSES.group });
  }
  if (nodeRole !== undefined) {
    objects.push({ kind: "role", ...nameOf(nodeRole), setting: "nodeRole", imports: "nodeRole", address: ADDRESSES.nodeRole });
  }
  return objects;
}

const nameOf = ({ name, path }: { readonly name: string; readonly path: string }) => ({ name, path });

type Calls = "iam:GetUser" | "iam:GetPolicy" | "iam:ListPolicies" | "iam:GetGroup" | "iam:GetRole" | "iam:ListAccessKeys";

type Find = (tools: Tools<Calls>, object: OwnObject, subject: Subject) => Promise<ExistingObject | undefined>;

const MISSING = "NoSuchEntity";

const FINDERS: Readonly<Record<OwnObject["kind"], Find>> = {
  user: async ({ call, callAll }, { name: UserName }) => {
    const user = (await unlessMissing(call("iam:GetUser", { UserName }), MISSING))?.User;
    if (user === undefined) {
      return undefined;
    }
    const pages = (await unlessMissing(callAll("iam:ListAccessKeys", { UserName }), MISSING)) ?? [];
    const keys = pages.flatMap(({ AccessKeyMetadata = [] }) => AccessKeyMetadata.map(({ AccessKeyId = "" }) => AccessKeyId));
    return { ...existing(user), keys };
  },
  policy: async ({ call, callAll }, { name, path }, { partition, account }) => {
    const get = async (PolicyArn: string) => (await unlessMissing(call("iam:GetPolicy", { PolicyArn }), MISSING))?.Policy;
    // IAM compares names without path and case.
    const other = async () => {
      const pages = await callAll("iam:ListPolicies", { Scope: "Local" });
      const policies = pages.flatMap(({ Policies = [] }) => Policies);
      const arn = policies.find(({ PolicyName = "" }) => PolicyName.toLowerCase() === name.toLowerCase())?.Arn;
      return arn === undefined ? undefined : await get(arn);
    };
    const policy = (await get(policyArn({ partition, account, path, name }))) ?? (await other());
    const principals = policy?.AttachmentCount ?? 0;
    return policy && { ...existing(policy), use: `attached to ${principals} ${principals === 1 ? "principal" : "principals"}` };
  },
  group: async ({ call }, { name: GroupName }) => {
    const answer = await unlessMissing(call("iam:GetGroup", { GroupName }), MISSING);
    const members = answer?.Users?.map(({ UserName = "" }) => UserName) ?? [];
    return answer?.Group && { ...existing(answer.Group), tags: undefined, use: `members ${members.join(", ") || "none"}` };
  },
  role: async ({ call }, { name: RoleName }) => {
    const role = (await unlessMissing(call("iam:GetRole", { RoleName }), MISSING))?.Role;
    return role && existing(role);
  },
};

function existing({ Arn = "", Path = "/", CreateDate, Tags = [] }: IamAnswer): ExistingObject {
  return { arn: Arn, path: Path, created: CreateDate, tags: Tags };
}

interface IamAnswer {
  readonly Arn?: string | undefined;
  readonly Path?: string | undefined;
  readonly CreateDate?: Date | undefined;
  readonly Tags?: ExistingObject["tags"];
}

/** The names of the deployment's own user, policies, group and node role. */
export const ownNamesCheck = check({
  name: "own names",
  calls: ["iam:GetUser", "iam:GetPolicy", "iam:ListPolicies", "iam:GetGroup", "iam:GetRole", "iam:ListAccessKeys"],
  where: "always-on region",
  async run(tools, subject) {
    const { deployment, state } = subject;
    const objects = await inOrder(
      ownObjects(deployment).map(async (object) => ({ ...object, existing: await FINDERS[object.kind](tools, object, subject) })),
    );
    const exists = objects.some((object) => object.existing !== undefined);
    const { stack, import: imports } = deployment;
    return judgeOwnNames({ stack, objects, state: exists ? await state() : { value: [] }, imports });
  },
});
