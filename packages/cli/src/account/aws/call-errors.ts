import { type AwsError, TIMED_OUT, UNREACHABLE } from "./operations";

/** By action and code. AWS rejects either the credentials or the role that they would assume. */
const ERRORS: readonly (readonly [RegExp, CallError])[] = [
  [/ CredentialsProviderError$/, "credentials-missing"],
  [
    / (?:ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException)$/,
    "credentials-rejected",
  ],
  [
    /^sts:AssumeRole (?:AccessDenied(?:Exception)?|RegionDisabledException|ValidationError)$/,
    "role-not-assumed",
  ],
  [/ (?:AccessDenied(?:Exception)?|UnauthorizedOperation)$/, "call-denied"],
  [new RegExp(` ${UNREACHABLE}$`), "call-unreachable"],
  [new RegExp(` ${TIMED_OUT}$`), "timed-out"],
];

export type CallError =
  | "credentials-missing"
  | "credentials-rejected"
  | "role-not-assumed"
  | "call-denied"
  | "call-unreachable"
  | "timed-out"
  | "call-failed";

/** The kind of error that a call ended with. */
export function callErrorOf({ action, code }: AwsError): CallError {
  return ERRORS.find(([pattern]) => pattern.test(`${action} ${code}`))?.[1] ?? "call-failed";
}
