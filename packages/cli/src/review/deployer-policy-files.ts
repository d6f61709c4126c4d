import { type PolicyDocument, policyDocument } from "../../../../src/iam/policy-document";
import type { Deployment } from "../../../../src/settings/deployment";
import {
  type Call,
  type DeployerStatement,
  deployerStatements,
  literal,
} from "../iam/deployer-permissions";
import type { DEPLOYER_FILES } from "./contents";
import { stateAccess } from "./state";

interface DeployerPolicy {
  readonly file: (typeof DEPLOYER_FILES)[number];
  /** That requires it; undefined for the credentials that Terraform runs with. */
  readonly role: string | undefined;
  readonly statements: readonly DeployerStatement[];
  readonly document: PolicyDocument;
}

export interface DeployerPolicies {
  readonly policies: readonly DeployerPolicy[];
  readonly planner: PolicyDocument;
}

/**
 * The least-privilege policies for planning, applying, updating and destroying a deployment, and
 * for a principal that only plans. If Terraform assumes a role, that role has the permissions, and
 * the pipeline's own credentials can only assume it.
 */
export function deployerPolicies(deployment: Deployment): DeployerPolicies {
  const all = statementsByPrincipal(deployment);
  const policies = [...all].map(([role, statements]) => ({
    file: fileOf(role, deployment.provider.assumeRoleArn),
    role,
    statements,
    document: documentOf(statements),
  }));
  // With `terraform plan -lock=false`: whoever can write the lock can stop an apply, or let two of
  // them run at once.
  return { policies, planner: documentOf(all.get(undefined) ?? [], ({ plan }) => plan) };
}

/** By the role that Terraform assumes; undefined: its own credentials, first. */
function statementsByPrincipal(deployment: Deployment) {
  const { assumeRoleArn } = deployment.provider;
  const state = stateAccess(deployment.state, deployment.region);
  const roles = new Set([assumeRoleArn, state.assumed].filter((arn) => arn !== undefined));
  const assumes = { action: "sts:AssumeRole", plan: true };
  const takeRole = {
    sid: "TakeRole",
    resources: [...roles].map(literal),
    conditions: [],
    calls: roles.size === 0 ? [] : [assumes],
  };
  const all = new Map<string | undefined, readonly DeployerStatement[]>([[undefined, [takeRole]]]);
  const add = (principal: string | undefined, statements: readonly DeployerStatement[]) =>
    all.set(principal, [...(all.get(principal) ?? []), ...statements]);
  add(assumeRoleArn, deployerStatements(deployment));
  add(state.role, state.statements);
  return all;
}

function documentOf(
  statements: readonly DeployerStatement[],
  isAllowed: (call: Call) => boolean = () => true,
) {
  const allowing = statements.map(({ calls, ...rest }) => ({
    ...rest,
    actions: calls.filter(isAllowed).map(({ action }) => action),
  }));
  return policyDocument(allowing.filter(({ actions }) => actions.length > 0));
}

function fileOf(
  arn: string | undefined,
  providerRole: string | undefined,
): (typeof DEPLOYER_FILES)[number] {
  if (arn === undefined) {
    return "deployer-policy.json";
  }
  return arn === providerRole ? "deployer-role-policy.json" : "deployer-state-role-policy.json";
}
