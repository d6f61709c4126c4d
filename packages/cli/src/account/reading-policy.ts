import { nodeRoleName } from "../../../../src/iam/cluster";
import { policyWith } from "../../../../src/iam/policy-document";
import type { Deployment } from "../../../../src/settings/deployment";
import { iamArn } from "../iam/deployer-permissions";
import type { Action } from "./aws/operations";

/** For objects of any name or path, of other deployments too, and for their users. */
const ACCOUNT_ACTIONS = [
  "ec2:DescribeImages",
  "ec2:DescribeKeyPairs",
  "ec2:DescribeRegions",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "iam:GetAccessKeyLastUsed",
  "iam:GetGroupPolicy",
  "iam:GetInstanceProfile",
  "iam:GetPolicy",
  "iam:GetPolicyVersion",
  "iam:GetRole",
  "iam:GetUser",
  "iam:ListAttachedGroupPolicies",
  "iam:ListEntitiesForPolicy",
  "iam:ListGroupPolicies",
  "iam:ListInstanceProfilesForRole",
  "iam:ListPolicies",
  "sts:GetAccessKeyInfo",
] as const satisfies readonly Action[];

const PRINCIPAL_ACTIONS = [
  "iam:GetLoginProfile",
  "iam:GetRolePolicy",
  "iam:GetUserPolicy",
  "iam:ListAccessKeys",
  "iam:ListAttachedRolePolicies",
  "iam:ListAttachedUserPolicies",
  "iam:ListGroupsForUser",
  "iam:ListRolePolicies",
  "iam:ListServiceSpecificCredentials",
  "iam:ListUserPolicies",
] as const satisfies readonly Action[];

/**
 * The calls of `keys`, `drift` and `preflight` besides dry runs. sts:GetCallerIdentity requires no
 * permission.
 */
export const READING_ACTIONS: readonly Action[] = [...ACCOUNT_ACTIONS, ...PRINCIPAL_ACTIONS];

/**
 * The least-privilege policy for the commands that read AWS, without access to a state. An account
 * that the settings do not set is "*", which matches only objects of the caller's own account.
 */
export function readingPolicy(deployments: readonly Deployment[]): object {
  const principals = [...new Set(deployments.flatMap(principalArns))].sort();
  return policyWith([
    { Sid: "DkpAccount", Effect: "Allow", Action: ACCOUNT_ACTIONS, Resource: "*" },
    { Sid: "DkpPrincipals", Effect: "Allow", Action: PRINCIPAL_ACTIONS, Resource: principals },
  ]);
}

function principalArns(settings: Deployment): readonly string[] {
  const { user, nodeRole, cluster } = settings;
  const dkpRole =
    cluster.prefix === undefined ? undefined : { path: "/", name: nodeRoleName(cluster.prefix) };
  const roles = [nodeRole, dkpRole].filter((role) => role !== undefined);
  return [iamArn(settings, "user", user), ...roles.map((role) => iamArn(settings, "role", role))];
}
