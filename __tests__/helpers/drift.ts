import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { driftReport } from "../../packages/cli/src/account/drift/report";
import { type Inventory, inventoryOfSettings } from "../../packages/cli/src/account/inventory";
import type { StateResource } from "../../packages/cli/src/terraform/state-file";
import { nodeRoleName } from "../../src/iam/cluster";
import { nodePolicy } from "../../src/iam/node-role-permissions";
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

/** No output of drift has one of these verbs: it cannot know who needs an object. */
export const TAKES_AWAY =
  /\b(?:remove|removing|removal|detach|deactivate|deactivating|delete|deleting|destroy|revoke|revoking|disable|disabling)|aws iam/i;

/** An account that has exactly what Terraform and DKP manage, of a deployment that was applied. */
export function appliedAccount(settings: Deployment): Answers {
  const { things, links } = inventoryOfSettings(settings, ACCOUNT);
  const answers: Record<string, unknown> = {
    GetCallerIdentity: { Account: ACCOUNT },
    ListAccessKeys: { AKIATERRAFORM: "Active" },
  };
  const roleWith = (
    name: string,
    boundary: string,
    document: unknown,
    attached: readonly string[],
  ) =>
    Object.assign(answers, {
      [`GetRole ${name}`]: { boundary: boundary || "none" },
      [`ListAttachedRolePolicies ${name}`]: attached,
      [`ListRolePolicies ${name}`]: [name],
      [`GetRolePolicy ${name}`]: document,
      [`ListInstanceProfilesForRole ${name}`]: [],
    });
  for (const { kind, name, boundary, document } of things) {
    const own = links.filter(({ of }) => of === `${kind} ${name}`);
    const attached = own.filter((link) => link.document === undefined).map(({ to }) => to);
    if (kind === "user") {
      Object.assign(answers, {
        GetUser: { boundary: boundary || "none" },
        ListAttachedUserPolicies: attached,
      });
    } else if (kind === "policy") {
      answers[`GetPolicy ${name}`] = `policy/${name}`;
      answers[`GetPolicyVersion ${name}`] = document;
      answers[`ListEntitiesForPolicy ${name}`] = { users: "deckhouse" };
    } else {
      roleWith(name, boundary, own.find((link) => link.document !== undefined)?.document, attached);
    }
  }
  const { prefix } = settings.cluster;
  if (prefix !== undefined) {
    roleWith(nodeRoleName(prefix), "", nodePolicy(settings.additionalRolePolicies), []);
  }
  return answers;
}

/** The resources of a state, from an inventory. */
export function resourcesOf({ things, links }: Inventory): readonly StateResource[] {
  const policy = (document: unknown) => JSON.stringify(document);
  return [
    ...things.map(({ address, name, arn, boundary, document }) => ({
      address,
      attributes: { name, arn, permissions_boundary: boundary, policy: policy(document) },
    })),
    ...links.map(({ address, of, to, document }) => {
      const [kind = "", principal = ""] = of.split(" ");
      const linked =
        document === undefined ? { policy_arn: to } : { name: to, policy: policy(document) };
      return { address, attributes: { [kind]: principal, ...linked } };
    }),
  ];
}

/** @param id the key of Terraform */
export function appliedState(
  settings: Deployment,
  id: string | undefined = settings.accessKeys.managedBy === "terraform"
    ? "AKIATERRAFORM"
    : undefined,
): readonly StateResource[] {
  const key = { address: ADDRESSES.accessKey, attributes: { id, user: settings.user.name } };
  return [
    ...resourcesOf(inventoryOfSettings(settings, ACCOUNT)),
    ...(id === undefined ? [] : [key]),
  ];
}

const NAMED: Readonly<Record<string, string>> = {
  every: EVERY_OBJECT,
  several: SEVERAL_POLICIES,
  one: "cluster: { prefix: dev }",
};

/** A deployment that was applied, and later changes. */
interface World {
  readonly settings?: unknown;
  /**
   * The settings that were applied.
   * @default the same
   */
  readonly applied?: unknown;
  readonly iam?: Answers;
  /** Addresses that the state lacks, `"all"`, or why it cannot be read. */
  readonly lost?: readonly string[] | "all" | { readonly unread: string };
  /** Resources that a program added. */
  readonly added?: readonly StateResource[];
  /** Names of policies that an apply left at the address of the second one. */
  readonly deposed?: readonly string[];
}

export async function driftIn({
  settings = "every",
  applied = settings,
  iam = {},
  lost = [],
  added = [],
  deposed = [],
}: World) {
  const described = (given: unknown) => deployment(NAMED[String(given)] ?? JSON.stringify(given));
  const before = described(applied);
  const kept = appliedState(before).filter(
    ({ address }) => lost !== "all" && "includes" in lost && !lost.includes(address),
  );
  const left = deposed.map((name) => ({
    address: "aws_iam_policy.policy-2",
    attributes: { name, arn: `arn:aws:iam::${ACCOUNT}:policy/${name}` },
  }));
  const resources = { current: [...added, ...kept], tainted: [], deposed: left };
  const user = kept.find(({ address }) => address === ADDRESSES.user)?.attributes;
  const value = {
    resources,
    outputs: {},
    user: user && { name: String(user.name), arn: String(user.arn) },
  };
  const state = typeof lost === "object" && "unread" in lost ? lost : { value };
  return driftReport(
    described(settings),
    state,
    accountWith({ ...appliedAccount(before), ...iam }),
  );
}

interface Row extends World {
  readonly case: string;
  /** Rule, object and ID of each finding, as far as it matters. */
  readonly finds: readonly string[];
}

/** By world, a row of `drift.worlds.yaml`. */
export const WORLDS = parse(
  readFileSync(join(PROJECT, "packages/cli/__tests__/account/drift.worlds.yaml"), "utf8"),
) as readonly Row[];
