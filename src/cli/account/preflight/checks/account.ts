import { AwsError } from "../../aws/operations";
import { type Check, type PreflightFound, type Subject, userArn, when } from "../check";

/** How the preflight runs. */
export interface Credentials {
  /** The credentials are the key of the deployment's user. */
  readonly asKey: boolean;
  /** The profile whose credentials count, for messages; undefined if none is named. */
  readonly profile?: string | undefined;
}

/**
 * Whether the credentials belong to the account of the settings and, with `--as-key`, are the key of the deployment's user. AWS requires
 * no permission for the call. All other checks depend on it.
 */
export function accountCheck({ asKey, profile }: Credentials): Check {
  return {
    id: "account",
    field: "accountId",
    calls: ["sts:GetCallerIdentity"],
    where: "always-on region",
    async run({ list }, subject) {
      try {
        const [account = "", arn = ""] = await list("sts:GetCallerIdentity", {}, ({ Account, Arn }) => [Account, Arn]);
        return checkIdentity(account, arn, { ...subject, account, asKey });
      } catch (error) {
        const refusal = error instanceof AwsError ? checkRefusal(error, profile) : undefined;
        if (refusal === undefined) {
          throw error;
        }
        return [refusal];
      }
    },
  };
}

function checkIdentity(account: string, arn: string, subject: Subject & Pick<Credentials, "asKey">): readonly PreflightFound[] {
  const { accountId, stack } = subject.deployment;
  const user = userArn(subject);
  const unset = accountId === undefined ? "accountId" : undefined;
  return [
    accountId !== undefined && accountId !== account
      ? { rule: "account-differs", values: { account, arn, accountId } }
      : { rule: "account-ok", values: { account, arn, unset } },
    ...when(subject.asKey && arn !== user, { rule: "key-owner-differs", values: { arn, user, stack } }),
  ];
}

/** Error codes of invalid credentials. */
const BAD_CREDENTIALS = ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"];

/** Error codes with which AWS rejects `sts:AssumeRole` itself. */
const REFUSED = ["AccessDenied", "AccessDeniedException", "RegionDisabledException", "ValidationError"];

/** What an error of the first call means; undefined where it is not about the credentials. */
function checkRefusal({ action, code, message }: AwsError, profile: string | undefined): PreflightFound | undefined {
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
