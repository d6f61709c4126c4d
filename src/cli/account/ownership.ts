import { partitionOf, policyArn } from "../../iam/arns";
import { nodeRoleName } from "../../iam/cluster";
import type { Deployment } from "../../settings/deployment";
import type { Found } from "../findings/finding";
import { templateRules } from "../findings/templates";
import { allIn, presentAt, type StateContents, type StateResource } from "../terraform/state-file";
import { PROGRAM, recovery } from "../text/advice";
import type { ExistingObject, Reading } from "./aws/iam-reader";
import { isImported, type ManagedObject, managedObjects } from "./managed-objects";

/** An IAM object of the account. IAM compares names without their path and case. */
export type AccountObject = Pick<ManagedObject, "kind" | "name">;

/**
 * Whose an object is. `ours`: the state has it. `ours-unmanaged`: the state lacks it, it has a name of the settings, nothing outside uses
 * it, and the state once had it or a principal of the state uses it. `another`: something outside the deployment uses it. Only the first
 * two are ever imported without a question.
 */
type Owner = "ours" | "ours-unmanaged" | "another" | "unknown";

interface Ownership {
  readonly owner: Owner;
  /** What outside the deployment uses the object, `user second`. */
  readonly by: readonly string[];
}

/** What is known about a deployment. */
export interface DeploymentFacts {
  readonly settings: Deployment;
  /** Undefined if the state cannot be read. Its outputs remain where it lost an object. */
  readonly state: Pick<StateContents, "resources" | "outputs"> | undefined;
}

/**
 * Whose an object of the account is.
 * @param uses what uses it, as `IamReader.uses` reads it
 */
export function ownershipOf(
  object: AccountObject,
  uses: Reading<readonly string[]>,
  { settings, state }: DeploymentFacts,
): Ownership {
  const resources = state === undefined ? [] : allIn(state.resources);
  const managed = resources.flatMap(titleOf).map(lower);
  const described = managedObjects(settings).map(title);
  const own = [...managed, ...described.map(lower), ...profilesOf(object, settings).map(lower)];
  const known = "value" in uses ? uses.value : [];
  const by = known.filter((use) => !own.includes(lower(use)));
  if (managed.includes(lower(title(object)))) {
    return { owner: "ours", by };
  }
  if (by.length > 0) {
    return { owner: "another", by };
  }
  const isNamed = described.some((named) => lower(named) === lower(title(object)));
  const isUsed = known.some((use) => managed.includes(lower(use)));
  const isOurs = isNamed && "value" in uses && (isUsed || wasInState(object, resources, state?.outputs));
  return { owner: isOurs ? "ours-unmanaged" : "unknown", by };
}

const lower = (name: string) => name.toLowerCase();

/** An object in messages, and as what uses others is named: `user deckhouse`. */
export const title = ({ kind, name }: AccountObject) => `${kind} ${name}`;

function titleOf({ address, attributes }: StateResource): readonly string[] {
  const [, kind] = /^aws_iam_(user|policy|role)\./.exec(address) ?? [];
  return kind === undefined ? [] : [`${kind} ${attributes.name}`];
}

/** Instance profiles that show nothing of a role's owner: that of DKP's prefix, and the one that the AWS console creates with a role. */
function profilesOf({ kind, name }: AccountObject, { cluster: { prefix } }: Deployment): readonly string[] {
  const ofDkp = prefix === undefined ? [] : [`role ${nodeRoleName(prefix)}`, `instance profile ${nodeRoleName(prefix)}`];
  return kind === "role" ? [...ofDkp, `instance profile ${name}`] : ofDkp;
}

/** Arguments of a resource that name another one, or give its ARN. */
const REFERENCES: Readonly<Record<AccountObject["kind"], readonly string[]>> = {
  user: ["user"],
  policy: ["policy_arn"],
  role: ["role"],
};

/** Whether an object was once in the state: another resource of it refers to the object, or an output names it. */
function wasInState(
  { kind, name }: AccountObject,
  resources: readonly StateResource[],
  outputs: StateContents["outputs"] = {},
): boolean {
  const references = resources.flatMap(({ attributes }) => REFERENCES[kind].map((argument) => attributes[argument] ?? []));
  const arns = Object.values(outputs).filter((output) => output.includes(`:${kind}/`));
  return [...references.flat(), ...arns].some((value) => lower(String(value).split("/").at(-1) ?? "") === lower(name));
}

export const KEYS = `${PROGRAM} keys {stack}` as const;
const EXISTS = "it exists[, since {since}]";

/** What `drift` and `preflight` report of objects that the settings name and the state does not have. */
export const OWNER_RULES = templateRules("attention", {
  "object-unmanaged": {
    text: `${EXISTS}, and the state does not have it`,
    risk: `the next apply fails because the name is in use (${recovery("half-made")})`,
    remedy: `[set {setting}.path: {path}, and ]import it with the steps of ${KEYS}`,
  },
  "object-of-another": {
    text: `${EXISTS}, and belongs to another deployment, because it is used by {by}`,
    risk: "an import changes the permissions of the other deployment",
    remedy: "choose another {setting}.name",
  },
  "object-owner-unknown": {
    text: `${EXISTS}, the state does not have it, and nothing in IAM shows whose it is`,
    risk: "the state was lost or is that of another workspace, or another deployment has the same name",
    remedy: `[if it is yours, set {setting}.path: {path}; ]ask who created it; ${KEYS} prints the steps for each answer; if it is of another deployment, choose another {setting}.name`,
  },
});

const RULE_OF = { "ours-unmanaged": "object-unmanaged", another: "object-of-another", unknown: "object-owner-unknown" } as const;

/**
 * The finding about an object of the settings that exists; none if the state has it, or the next apply imports it.
 * @param uses what uses it, as `IamReader.uses` reads it
 */
export function ownerFindings(
  object: ManagedObject,
  existing: ExistingObject,
  uses: Reading<readonly string[]>,
  facts: DeploymentFacts & Required<Pick<DeploymentFacts, "state">>,
): readonly Found<typeof OWNER_RULES>[] {
  const { settings, state } = facts;
  const { owner, by } = ownershipOf(object, uses, facts);
  if (owner === "ours") {
    return [];
  }
  // With another path, an import of a policy fails, that of a role replaces it, and that of others requires more than deployer-policy.json.
  const path = existing.Path === undefined || existing.Path === object.path ? undefined : existing.Path;
  // Terraform ignores an import into an address that the state has.
  const isFree = state !== undefined && presentAt(state.resources, object.address) === undefined;
  if (owner !== "another" && isFree && path === undefined && isImported(settings, object)) {
    return [];
  }
  const values = { stack: settings.stack, since: day(existing.CreateDate), setting: object.setting, path, by };
  return [{ rule: RULE_OF[owner], field: `${object.setting}.name`, values }];
}

/** The day of a date as findings show it. */
export const day = (date: Date | undefined): string | undefined => date?.toISOString().slice(0, 10);

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
    .filter(({ address }) => presentAt(resources, address) === undefined)
    .map((object) => ({ ...object, arn: policyArn({ partition: partitionOf(settings.region), account, ...object }) }));
}

/** An object that the state lacks, and whose it is. @param uses what uses it; undefined: IAM does not have it */
export function lackingObject(
  object: NamedObject,
  uses: Reading<readonly string[]> | undefined,
  facts: DeploymentFacts,
): LackingObject {
  const ownership = ownershipOf(object, uses ?? { value: [] }, facts);
  return { ...object, ...ownership, inIam: uses !== undefined, isImported: isImported(facts.settings, object) };
}
