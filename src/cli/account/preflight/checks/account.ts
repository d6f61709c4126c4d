import { partitionOf } from "../../../../iam/partitions";
import type { Deployment } from "../../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import type { Action, AwsError } from "../../aws/operations";
import { type Finding, failed, ok, userArn } from "../check";

/** Returns the identity of the credentials. AWS requires no permission for it. All other checks depend on it. */
export const IDENTITY_CALL = "sts:GetCallerIdentity" satisfies Action;

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

/** Whether the credentials belong to the account of the settings and, with `--as-key`, are the key of the deployment's user. */
export function judgeIdentity(identity: Identity, deployment: Deployment, asKey: boolean): readonly Finding[] {
  const { account, arn } = identity;
  const { accountId, region, stack } = deployment;
  const user = userArn({ deployment, partition: partitionOf(region), account });
  const findings =
    accountId === undefined || accountId === account
      ? [ok(`account ${account}, as ${arn}${accountId === undefined ? "; accountId is not set" : ""}`)]
      : [
          failed(
            `the credentials belong to account ${account} (${arn}), and accountId is ${accountId}`,
            `use credentials of ${accountId} (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId`,
          ),
        ];
  if (!asKey) {
    return findings;
  }
  const key =
    arn === user
      ? ok(`the key belongs to ${user}`)
      : failed(
          `--as-key requires the key of DKP, and these credentials belong to ${arn}`,
          `use the key of ${user}; ${dkpAccess("hand-over", stack)} prints it`,
        );
  return [...findings, key];
}

/** Error codes of invalid credentials. */
const BAD_CREDENTIALS = [
  "CredentialsProviderError",
  "ExpiredToken",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
];

/** Error codes with which AWS rejects `sts:AssumeRole` itself. */
const REFUSED = ["AccessDenied", "AccessDeniedException", "RegionDisabledException", "ValidationError"];

/** What an error of the first call means; undefined where it is not about the credentials. */
export function judgeRefusal({ action, code, message }: AwsError): Finding | undefined {
  if (BAD_CREDENTIALS.includes(code)) {
    return failed(
      `AWS rejects the credentials (${code}: ${message})`,
      "use the credentials that apply the stack: environment, AWS_PROFILE or provider.profile",
    );
  }
  return action === "sts:AssumeRole" && REFUSED.includes(code)
    ? failed(
        `provider.assumeRoleArn cannot be assumed (${code}: ${message})`,
        "allow these credentials in the trust policy of the role, or correct provider.assumeRoleArn",
      )
    : undefined;
}
