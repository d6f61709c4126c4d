import type { Action, AwsError } from "../../aws-api/operations";
import { blocker, type Finding, ok } from "../check";

/** Tells whose credentials these are; AWS answers it without any permission. All other answers depend on it. */
export const IDENTITY_CALL = "sts:GetCallerIdentity" satisfies Action;

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

/** Whether the credentials are of the account that the settings state. */
export function judgeAccount({ account, arn }: Identity, accountId: string | undefined): Finding {
  if (accountId === undefined) {
    return ok(`account ${account}, as ${arn}; accountId is not stated`);
  }
  return account === accountId
    ? ok(`account ${account}, as ${arn}`)
    : blocker(
        `the credentials are of account ${account} (${arn}), accountId is ${accountId}`,
        `use credentials of ${accountId} (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId`,
      );
}

/** Whether the credentials are the key of the deployment's user. */
export function judgeKey({ arn }: Identity, userArn: string): Finding {
  return arn === userArn
    ? ok(`the key is of ${userArn}`)
    : blocker(
        `--as-key asks as DKP will, and these credentials are of ${arn}`,
        `use the key of ${userArn}: npm run hand-over prints it`,
      );
}

/** Answers that mean that the credentials are none, and not that something is in the way. */
const BAD_CREDENTIALS = [
  "CredentialsProviderError",
  "ExpiredToken",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
];

/** Answers that mean that AWS has looked at the wish to take a role, and says no. */
const REFUSED = ["AccessDenied", "AccessDeniedException", "RegionDisabledException", "ValidationError"];

/** What a refusal of the first question means; undefined where it says nothing about the credentials. */
export function judgeRefusal({ action, code, message }: AwsError): Finding | undefined {
  if (BAD_CREDENTIALS.includes(code)) {
    return blocker(
      `AWS takes no such credentials (${code}: ${message})`,
      "give those of whoever will apply: environment, AWS_PROFILE or provider.profile",
    );
  }
  return action === "sts:AssumeRole" && REFUSED.includes(code)
    ? blocker(
        `provider.assumeRoleArn can't be assumed (${code}: ${message})`,
        "let the role trust these credentials, or correct provider.assumeRoleArn",
      )
    : undefined;
}

export function identityOf(answer: { readonly Account?: string | undefined; readonly Arn?: string | undefined }): Identity {
  return { account: answer.Account ?? "", arn: answer.Arn ?? "" };
}
