import { nodeRoleName } from "../../../iam/cluster";
import { secondPolicyName } from "../../../iam/deployment-policies";
import { policyWith } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { iamArn } from "../../iam/deployer-permissions";
import type { Action } from "../aws/operations";
import { managedObjects } from "../managed-objects";

/** The calls of `drift`. sts:GetCallerIdentity requires no permission. */
export const DRIFT_ACTIONS = [
  "iam:GetLoginProfile",
  "iam:GetPolicy",
  "iam:GetPolicyVersion",
  "iam:GetRole",
  "iam:GetRolePolicy",
  "iam:GetUser",
  "iam:GetUserPolicy",
  "iam:ListAccessKeys",
  "iam:ListAttachedRolePolicies",
  "iam:ListAttachedUserPolicies",
  "iam:ListEntitiesForPolicy",
  "iam:ListGroupsForUser",
  "iam:ListInstanceProfilesForRole",
  "iam:ListRolePolicies",
  "iam:ListServiceSpecificCredentials",
  "iam:ListUserPolicies",
] as const satisfies readonly Action[];

/**
 * The least-privilege policy for reading the IAM objects of deployments. It allows no change and no access to a state.
 * An account that the settings do not set is "*", which matches only objects of the caller's own account.
 */
export function driftPolicy(deployments: readonly Deployment[]): object {
  const Resource = [...new Set(deployments.flatMap(arnsOf))].sort();
  return policyWith([{ Sid: "DkpDrift", Effect: "Allow", Action: DRIFT_ACTIONS, Resource }]);
}

function arnsOf(settings: Deployment): readonly string[] {
  const { policy, cluster } = settings;
  // Also where one policy is enough now: the state can have the second one.
  const second = { kind: "policy", name: secondPolicyName(policy.name), path: policy.path } as const;
  const dkpRole = cluster.prefix === undefined ? [] : [{ kind: "role", name: nodeRoleName(cluster.prefix), path: "/" } as const];
  return [...managedObjects(settings), second, ...dkpRole].map(({ kind, ...object }) => iamArn(settings, kind, object));
}
