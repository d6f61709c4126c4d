import { nodeRoleName } from "../../iam/cluster";
import { secondPolicyName } from "../../iam/deployment-policies";
import type { Deployment } from "../../settings/deployment";
import type { StateResource } from "../terraform/state-file";
import type { Reading } from "./aws/iam-reader";
import { managedObjects } from "./managed-objects";

/** An IAM object of the account. IAM compares names without their path and case. */
export interface AccountObject {
  readonly kind: "user" | "policy" | "group" | "role";
  readonly name: string;
}

/**
 * Whose an object is. `ours`: the state has it. `ours-unmanaged`: the state lacks it, it has a name of the settings, and nothing else
 * uses it. `another`: something outside the deployment uses it. Only the first two are ever imported.
 */
export type Owner = "ours" | "ours-unmanaged" | "another" | "unknown";

export interface Ownership {
  readonly owner: Owner;
  /** What outside the deployment uses the object, `user second`. */
  readonly by: readonly string[];
}

/** What is known about a deployment. */
export interface DeploymentFacts {
  readonly settings: Deployment;
  /** The managed resources of the state; undefined if the state cannot be read. */
  readonly state: readonly StateResource[] | undefined;
  /** String values of the state's outputs: they remain where the state lost an object. @default none */
  readonly outputs?: readonly string[];
  /** Whether IAM has the deployment's user. */
  readonly userExists: boolean;
}

/**
 * Whose an object of the account is.
 * @param uses what uses it, as `IamReader.uses` reads it
 */
export function ownershipOf(object: AccountObject, uses: Reading<readonly string[]>, facts: DeploymentFacts): Ownership {
  const own = ownPrincipals(object, facts);
  const by = "value" in uses ? uses.value.filter((use) => !own.has(lower(use))) : [];
  return { owner: ownerOf(object, by.length > 0, "value" in uses, facts), by };
}

function ownerOf(object: AccountObject, isUsedByOthers: boolean, areUsesKnown: boolean, facts: DeploymentFacts): Owner {
  const { settings, state, userExists } = facts;
  if (state?.some((resource) => isObject(resource, object)) === true) {
    return "ours";
  }
  if (isUsedByOthers) {
    return "another";
  }
  const isNamed = managedObjects(settings).some((named) => isSame(named, object)) || isSecondPolicy(object, settings);
  if (!areUsesKnown || state === undefined || !isNamed) {
    return "unknown";
  }
  // Whose a user is, only a former state shows: another deployment can have the same default name.
  const isOurs = wasInState(object, facts) || (object.kind !== "user" && userExists);
  return isOurs ? "ours-unmanaged" : "unknown";
}

/** Whether an object is the second policy of the deployment: an older state, or other settings, can hide that the key needs it. */
export const isSecondPolicy = (object: AccountObject, { policy }: Pick<Deployment, "policy">) =>
  isSame(object, { kind: "policy", name: secondPolicyName(policy.name) });

const TYPES: Readonly<Record<AccountObject["kind"], string>> = {
  user: "aws_iam_user.",
  policy: "aws_iam_policy.",
  group: "aws_iam_group.",
  role: "aws_iam_role.",
};

const lower = (name: string) => name.toLowerCase();
const isSame = (one: AccountObject, other: AccountObject) => one.kind === other.kind && lower(one.name) === lower(other.name);

const isObject = ({ address, attributes }: StateResource, { kind, name }: AccountObject) =>
  address.startsWith(TYPES[kind]) && lower(String(attributes.name)) === lower(name);

/** What may use an object without being another's: what the settings describe, and what the state has. */
function ownPrincipals({ kind, name }: AccountObject, { settings, state = [] }: DeploymentFacts): ReadonlySet<string> {
  const { prefix } = settings.cluster;
  const managed = (["user", "group", "role"] as const).flatMap((type) =>
    state.filter(({ address }) => address.startsWith(TYPES[type])).map(({ attributes }) => `${type} ${String(attributes.name)}`),
  );
  const own = [...managedObjects(settings).map((object) => `${object.kind} ${object.name}`), ...managed];
  if (prefix !== undefined) {
    own.push(`role ${nodeRoleName(prefix)}`, `instance profile ${nodeRoleName(prefix)}`);
  }
  if (kind === "role") {
    // The AWS console creates an instance profile of the role's name.
    own.push(`instance profile ${name}`);
  }
  return new Set(own.map(lower));
}

/** Arguments of a resource that name another one, or give its ARN. */
const REFERENCES: Readonly<Record<AccountObject["kind"], readonly string[]>> = {
  user: ["user"],
  policy: ["policy_arn"],
  group: ["group", "groups"],
  role: ["role"],
};

/** Whether an object was once in the state: another resource of it refers to the object, or an output names it. */
function wasInState({ kind, name }: AccountObject, { state = [], outputs = [] }: DeploymentFacts): boolean {
  const names = state.flatMap(({ attributes }) => REFERENCES[kind].flatMap((reference) => attributes[reference]));
  const arns = outputs.filter((output) => output.includes(`:${kind}/`));
  return [...names, ...arns].some((value) => lower(String(value)).split("/").at(-1) === lower(name));
}
