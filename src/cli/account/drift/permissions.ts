import { nodeRoleName } from "../../../iam/cluster";
import { additionalPolicyNames } from "../../../iam/deployment-policies";
import { partitionOf } from "../../../iam/partitions";
import { policyWith } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { iamArn } from "../../iam/deployer-permissions";
import type { Action } from "../aws/operations";

/** The calls about each kind of object. sts:GetCallerIdentity requires no permission. */
export const DRIFT_ACTIONS = {
  user: [
    "iam:GetLoginProfile",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListMFADevices",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
    "iam:ListUserPolicies",
  ],
  group: ["iam:GetGroup", "iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"],
  policy: ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListEntitiesForPolicy"],
  role: [
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
  ],
} as const satisfies Readonly<Record<string, readonly Action[]>>;

type Kind = keyof typeof DRIFT_ACTIONS;

/**
 * The least-privilege policy for reading the IAM objects of deployments. It allows no change and no access to a state.
 * An account that the settings do not set is "*", which matches only objects of the caller's own account.
 */
export function driftPolicy(deployments: readonly Deployment[]): object {
  const resources = (kind: Kind) => [...new Set(deployments.flatMap((settings) => arnsOf(settings)[kind]))].sort();
  const statements = (Object.keys(DRIFT_ACTIONS) as Kind[]).map((kind) => ({
    Sid: `DkpDrift${kind[0]?.toUpperCase()}${kind.slice(1)}`,
    Effect: "Allow",
    Action: DRIFT_ACTIONS[kind],
    Resource: resources(kind),
  }));
  return policyWith(statements.filter(({ Resource }) => Resource.length > 0));
}

function arnsOf(settings: Deployment): Readonly<Record<Kind, readonly string[]>> {
  const { region, accountId: account, user, group, policy, attachment, nodeRole, cluster } = settings;
  const arn = (kind: Kind, name: string, path: string) =>
    iamArn({ partition: partitionOf(region), account }, kind, { name, path });
  return {
    user: [arn("user", user.name, user.path)],
    group: attachment === "user" ? [] : [arn("group", group.name, group.path)],
    policy: [policy.name, additionalPolicyNames(policy.name)].map((name) => arn("policy", name, policy.path)),
    role: [
      ...(nodeRole === undefined ? [] : [arn("role", nodeRole.name, nodeRole.path)]),
      ...(cluster.prefix === undefined ? [] : [arn("role", nodeRoleName(cluster.prefix), "/")]),
    ],
  };
}
