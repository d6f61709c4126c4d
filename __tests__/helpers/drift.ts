import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { describedResources, type ExpectedObject, managedOf } from "../../src/cli/account/drift/managed-attributes";
import { type DriftState, driftReport } from "../../src/cli/account/drift/report";
import type { StateResource } from "../../src/cli/terraform/state-file";
import type { Deployment } from "../../src/settings/deployment";
import { ADDRESSES } from "../../src/terraform/addresses";
import { ACCOUNT, type Answers, accountWith } from "./aws-answers";
import { deployment, SEVERAL_POLICIES } from "./deployment";
import { PROJECT } from "./project-root";

/** A deployment with every kind of object. */
export const EVERY_OBJECT = `user: { permissionsBoundary: 'arn:aws:iam::aws:policy/Boundary' }
nodeRole: { name: nodes, managedPolicyArns: ['arn:aws:iam::aws:policy/Read'] }
cluster: { prefix: dev, additionalRolePolicies: ['s3:GetObject'] }
`;

/** The verbs of what takes something away. No output of drift has one: it cannot know who needs an object. */
export const TAKES_AWAY =
  /\b(?:remove|removing|removal|detach|deactivate|deactivating|delete|deleting|destroy|revoke|revoking|disable|disabling)|aws iam/i;

/** What IAM answers about an object that is as it is managed. */
function answersOf({ kind, name, parts, boundary, documents }: ExpectedObject): Answers {
  const bounded = { boundary: boundary?.[0] || "none" };
  const [document] = documents ?? [];
  const managed = (part: string) => parts[part] ?? [];
  switch (kind) {
    case "user":
      return {
        GetUser: bounded,
        ListAttachedUserPolicies: managed("attached policy"),
      };
    case "policy":
      return {
        [`GetPolicy ${name}`]: `policy/${name}`,
        [`GetPolicyVersion ${name}`]: document,
        [`ListEntitiesForPolicy ${name}`]: { users: "deckhouse" },
      };
    case "role":
      return {
        [`GetRole ${name}`]: bounded,
        [`ListAttachedRolePolicies ${name}`]: managed("attached policy"),
        [`ListRolePolicies ${name}`]: managed("inline policy"),
        [`GetRolePolicy ${name}`]: document,
        [`ListInstanceProfilesForRole ${name}`]: [],
      };
  }
}

/** An account that has exactly what Terraform and DKP manage, of a deployment that was applied. */
function appliedAccount(settings: Deployment): Answers {
  const answers = managedOf(settings, ACCOUNT).map(answersOf);
  return Object.assign({ GetCallerIdentity: { Account: ACCOUNT }, ListAccessKeys: { AKIAPRIMARY: "Active" } }, ...answers);
}

/** The state of a deployment that was applied. */
function appliedState(settings: Deployment): readonly StateResource[] {
  const key = { address: "aws_iam_access_key.user", attributes: { id: "AKIAPRIMARY" } };
  return [...describedResources(settings, ACCOUNT), ...(settings.accessKeys === "none" ? [] : [key])];
}

/** Settings that a world names. */
const NAMED: Readonly<Record<string, string>> = {
  every: EVERY_OBJECT,
  several: SEVERAL_POLICIES,
  one: "cluster: { prefix: dev }",
};

/** A deployment that was applied, and what changed since. */
interface World {
  /** Settings, or the name of some. @default `every` */
  readonly settings?: unknown;
  /** The settings that were applied. @default the same */
  readonly applied?: unknown;
  /** What IAM answers instead. */
  readonly iam?: Answers;
  /** Addresses that the state lacks, `"all"`, or why it cannot be read. */
  readonly lost?: readonly string[] | "all" | { readonly unread: string };
  /** Names of policies that an apply left at the address of the second one. */
  readonly deposed?: readonly string[];
}

/** What drift reports in a world. */
export async function driftIn({ settings = "every", applied = settings, iam = {}, lost = [], deposed = [] }: World) {
  const described = (given: unknown) => deployment(NAMED[String(given)] ?? JSON.stringify(given));
  const before = described(applied);
  const kept = appliedState(before).filter(({ address }) => lost !== "all" && "includes" in lost && !lost.includes(address));
  const left = deposed.map((name) => ({
    address: "aws_iam_policy.policy-2",
    attributes: { name, arn: `arn:aws:iam::${ACCOUNT}:policy/${name}` },
  }));
  const resources = { current: kept, tainted: [], deposed: left };
  const user = kept.find(({ address }) => address === ADDRESSES.user)?.attributes;
  const value = { resources, outputs: {}, user: user && { name: String(user.name), arn: String(user.arn) } };
  const state: DriftState = typeof lost === "object" && "unread" in lost ? lost : { value };
  return driftReport(described(settings), state, accountWith({ ...appliedAccount(before), ...iam }));
}

interface Row extends World {
  readonly case: string;
  /** Rule, object and ID of each finding, as far as it matters. */
  readonly finds: readonly string[];
}

/** What drift finds, by world: the rows of `drift.worlds.yaml`. */
export const WORLDS = parse(readFileSync(join(PROJECT, "__tests__/cli/account/drift.worlds.yaml"), "utf8")) as readonly Row[];
