import { partitionOf } from "../../../../iam/partitions";
import type { Deployment } from "../../../../settings/deployment";
import type { Action, AwsError } from "../../aws/operations";
import { type PreflightFound, userArn } from "../check";

/** Returns the identity of the credentials. AWS requires no permission for it. All other checks depend on it. */
export const IDENTITY_CALL = "sts:GetCallerIdentity" satisfies Action;

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

/** Whether the credentials belong to the account of the settings and, with `--as-key`, are the key of the deployment's user. */
export function checkIdentity(identity: Identity, deployment: Deployment, asKey: boolean): readonly PreflightFound[] {
  const { account, arn } = identity;
  const { accountId, region, stack } = deployment;
  const user = userArn({ deployment, partition: partitionOf(region), account });
  const findings: PreflightFound[] = [
    accountId !== undefined && accountId !== account
      ? { rule: "account-differs", values: { account, arn, accountId } }
      : { rule: accountId === undefined ? "account-not-set" : "account-ok", values: { account, arn } },
  ];
  if (asKey) {
    findings.push(
      arn === user ? { rule: "key-owner-ok", values: { user } } : { rule: "key-owner-differs", values: { arn, user, stack } },
    );
  }
  return findings;
}

/** Error codes of invalid credentials. */
const BAD_CREDENTIALS = ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"];

/** Error codes with which AWS rejects `sts:AssumeRole` itself. */
const REFUSED = ["AccessDenied", "AccessDeniedException", "RegionDisabledException", "ValidationError"];

/**
 * What an error of the first call means; undefined where it is not about the credentials.
 * @param profile the profile whose credentials count, if one is named
 */
export function checkRefusal({ action, code, message }: AwsError, profile: string | undefined): PreflightFound | undefined {
  const reason = `${code}: ${message}`;
  if (code === "CredentialsProviderError") {
    return { rule: "credentials-missing", values: { profile, reason: message } };
  }
  if (BAD_CREDENTIALS.includes(code)) {
    return { rule: "credentials-rejected", values: { reason } };
  }
  return action === "sts:AssumeRole" && REFUSED.includes(code)
    ? { rule: "role-not-assumed", field: "provider.assumeRoleArn", values: { reason } }
    : undefined;
}
