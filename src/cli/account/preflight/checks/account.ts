import { dkpAccess } from "../../../../text/command";
import type { Action, AwsError } from "../../aws/operations";
import { type Finding, failed, ok } from "../check";

/** Returns the identity of the credentials. AWS requires no permission for it. All other checks depend on it. */
export const IDENTITY_CALL = "sts:GetCallerIdentity" satisfies Action;

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

/** Whether the credentials belong to the account of the settings. */
export function judgeAccount({ account, arn }: Identity, accountId: string | undefined): Finding {
  if (accountId === undefined) {
    return ok(`account ${account}, as ${arn}; accountId is not set`);
  }
  return account === accountId
    ? ok(`account ${account}, as ${arn}`)
    : failed(
        `the credentials belong to account ${account} (${arn}), and accountId is ${accountId}`,
        `use credentials of ${accountId} (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId`,
      );
}

/** Whether the credentials are the key of the deployment's user. */
export function judgeKey({ arn }: Identity, userArn: string, stack: string): Finding {
  return arn === userArn
    ? ok(`the key belongs to ${userArn}`)
    : failed(
        `--as-key requires the key of DKP, and these credentials belong to ${arn}`,
        `use the key of ${userArn}; ${dkpAccess("hand-over", stack)} prints it`,
      );
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

export function identityOf(answer: { readonly Account?: string | undefined; readonly Arn?: string | undefined }): Identity {
  return { account: answer.Account ?? "", arn: answer.Arn ?? "" };
}
