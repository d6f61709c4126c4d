import { PROGRAM } from "../../text/advice";
import { type AwsError, TIMED_OUT, UNREACHABLE } from "./operations";

/**
 * The errors of calls, by action and code. AWS rejects credentials, or itself a role that they
 * would assume.
 */
const ERRORS = [
  [/ CredentialsProviderError$/, "credentials-missing"],
  [
    / (?:ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException)$/,
    "credentials-rejected",
  ],
  [
    /^sts:AssumeRole (?:AccessDenied|AccessDeniedException|RegionDisabledException|ValidationError)$/,
    "role-not-assumed",
  ],
  [/ (?:AccessDenied|AccessDeniedException|UnauthorizedOperation)$/, "call-denied"],
  [new RegExp(` ${UNREACHABLE}$`), "call-unreachable"],
  [new RegExp(` ${TIMED_OUT}$`), "timed-out"],
] as const;

export type CallError = (typeof ERRORS)[number][1] | "call-failed";

/** What kind of error a call ended with. */
export function callErrorOf({ action, code }: AwsError): CallError {
  return ERRORS.find(([pattern]) => pattern.test(`${action} ${code}`))?.[1] ?? "call-failed";
}

/** What a person does about an error. */
export const CALL_REMEDIES = {
  "credentials-missing":
    "check that aws configure list-profiles lists the profile of AWS_PROFILE or provider.profile, and that its sign-in has not expired; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  "credentials-rejected": "use the credentials that apply the stack",
  "role-not-assumed": "correct it, or the trust policy of the role",
  "call-denied": `allow what ${PROGRAM} preflight --policy prints`,
  "timed-out": "try again with a longer --timeout",
  "call-unreachable":
    "check the Region; sign in to the network if it asks for that, or set HTTPS_PROXY and NO_PROXY as it requires",
  "call-failed": "try again; if the error persists, its message names the cause",
} as const satisfies Readonly<Record<CallError, string>>;
