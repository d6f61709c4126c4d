import { type CallError, callErrorOf } from "../aws/call-errors";
import { AwsError } from "../aws/operations";

const AGAIN = "run the command again, which goes on from there";

/** A run of `rotate` that was interrupted harms nothing. */
const REMEDIES: Readonly<Record<CallError, string>> = {
  "credentials-missing":
    "set AWS_PROFILE, provider.profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  "credentials-rejected": "sign in again, or use other credentials",
  "role-not-assumed": "correct provider.assumeRoleArn, or the trust policy of the role",
  "call-denied":
    "allow what rotator-policy.json of the review pack has, for --leaked responder-policy.json",
  "call-unreachable": `check the network; ${AGAIN}`,
  "timed-out": AGAIN,
  "call-failed": `${AGAIN}; if the error stays, its message names the cause`,
};

const TWO_KEYS = "delete the key that nothing needs; npx dkp-access keys shows both of the user";

/** An error of AWS with its call and its remedy; any other error as it is. */
export function withRemedy(error: unknown): unknown {
  if (!(error instanceof AwsError)) {
    return error;
  }
  const { action, code, message } = error;
  const isFull = code.startsWith("LimitExceeded");
  const remedy = isFull ? TWO_KEYS : REMEDIES[callErrorOf(error)];
  return new Error(`${action}: ${message}; ${remedy}`, { cause: error });
}
