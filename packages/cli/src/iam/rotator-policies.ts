import { policyWith } from "../../../../src/iam/policy-document";
import type { Deployment } from "../../../../src/settings/deployment";
import { iamArn } from "./deployer-permissions";

const KEY_ACTIONS = [
  "iam:CreateAccessKey",
  "iam:DeleteAccessKey",
  "iam:ListAccessKeys",
  "iam:UpdateAccessKey",
];

/**
 * About the key that a cluster has, which may be another user's. sts:GetCallerIdentity requires no
 * permission.
 */
const ANY_KEY_ACTIONS = ["iam:GetAccessKeyLastUsed", "sts:GetAccessKeyInfo"];

/**
 * For the inline policy that denies sessions. IAM has no condition key for the name or the content
 * of one.
 */
const DENY_ACTIONS = ["iam:DeleteUserPolicy", "iam:PutUserPolicy"];

/** The least-privilege policies of `rotate`: for the nights, and for the response to a leak. */
export function rotatorPolicies(
  deployment: Deployment,
): Readonly<Record<"rotator" | "responder", object>> {
  const user = iamArn(deployment, "user", deployment.user);
  const document = (actions: readonly string[]) =>
    policyWith([
      { Sid: "User", Effect: "Allow", Action: actions, Resource: user },
      { Sid: "AnyKey", Effect: "Allow", Action: ANY_KEY_ACTIONS, Resource: "*" },
    ]);
  return { rotator: document(KEY_ACTIONS), responder: document([...KEY_ACTIONS, ...DENY_ACTIONS]) };
}
