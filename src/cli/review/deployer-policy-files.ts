import { type PolicyDocument, policyDocument } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import { deployerGrants, type Grant, grants, literal, statementsOf } from "../iam/deployer-permissions";
import type { DEPLOYER_FILES } from "../pack/file-names";
import { stateAccess } from "./state";

/** A policy that a principal requires to plan, apply and destroy a deployment. */
export interface DeployerPolicy {
  /** File of the review pack. */
  readonly file: (typeof DEPLOYER_FILES)[number];
  /** ARN of the role that requires it; absent for the credentials that Terraform runs with. */
  readonly role?: string | undefined;
  readonly document: PolicyDocument;
  /** Its actions with their resources and reasons, in the order of the policy. */
  readonly grants: readonly Grant[];
}

/**
 * The least-privilege policies for planning, applying, updating and destroying a deployment, limited to its names and its state.
 * If Terraform assumes a role, that role has the permissions, and the pipeline's own credentials can only assume the role. Also the policy
 * of a principal that only plans, and writes nothing.
 */
export function deployerPolicies(deployment: Deployment) {
  const grantsOf = grantsByPrincipal(deployment);
  const policies = [...grantsOf]
    .filter(([, own]) => own.length > 0)
    .map(([role, own]): DeployerPolicy => {
      const file = fileOf(role, deployment.provider.assumeRoleArn);
      return { file, role, document: policyDocument(statementsOf(own)), grants: own };
    });
  // With `terraform plan -lock=false`: whoever can write the lock can stop an apply, or let two of them run at once.
  return { policies, planner: policyDocument(statementsOf((grantsOf.get(undefined) ?? []).filter(({ plan }) => plan))) };
}

/** What Terraform calls, by the ARN of the role that it assumes for it; undefined: the credentials that Terraform runs with, first. */
function grantsByPrincipal(deployment: Deployment) {
  const { assumeRoleArn } = deployment.provider;
  const state = stateAccess(deployment.state, deployment.region);
  const roles = new Set([assumeRoleArn, state.assumed].filter((arn) => arn !== undefined));
  const takeRole = { resources: [...roles].map(literal), conditions: [] };
  const assumed =
    roles.size === 0 ? [] : grants("TakeRole", takeRole, { "sts:AssumeRole": "assumes the role" }, ["sts:AssumeRole"]);
  const grantsOf = new Map<string | undefined, readonly Grant[]>([[undefined, assumed]]);
  const add = (principal: string | undefined, all: readonly Grant[]) =>
    grantsOf.set(principal, [...(grantsOf.get(principal) ?? []), ...all]);
  add(assumeRoleArn, deployerGrants(deployment));
  add(state.role, state.grants);
  return grantsOf;
}

function fileOf(arn: string | undefined, providerRole: string | undefined): DeployerPolicy["file"] {
  if (arn === undefined) {
    return "deployer-policy.json";
  }
  return arn === providerRole ? "deployer-role-policy.json" : "deployer-state-role-policy.json";
}
