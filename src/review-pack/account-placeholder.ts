import type { PolicyOptions } from "../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../settings/deployment";

/** Represents the account that Terraform reads during the plan, and has the same sort order as an account ID. */
const UNKNOWN_ACCOUNT = "000000000000";

/** The same placeholder in text for people. */
export const ACCOUNT_ID = "ACCOUNT_ID";

/**
 * The policy of a deployment as AWS stores it. The account may not be known at synth.
 * @param unknownAccount placeholder for an unknown account in ARNs; it must sort before a colon, as digits do
 */
export function policyOptions(deployment: Deployment, unknownAccount = UNKNOWN_ACCOUNT): PolicyOptions {
  return policyOptionsOf(deployment, deployment.accountId ?? unknownAccount);
}

/** A string from `policyOptions` for people: an unknown account is shown as `ACCOUNT_ID`. */
export function forPeople(text: string): string {
  return text.replaceAll(UNKNOWN_ACCOUNT, ACCOUNT_ID);
}
