import type { PolicyOptions } from "../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../settings/deployment";

/** Stands for the account that Terraform will find, and sorts as it will. */
const UNKNOWN_ACCOUNT = "000000000000";

/** What people read in its place. */
export const ACCOUNT_ID = "ACCOUNT_ID";

/**
 * The policy of a deployment as it will be in AWS, where the account may not be known yet.
 * @param unknownAccount stands for such an account in ARNs; it must sort before a colon, as digits do
 */
export function policyOptions(deployment: Deployment, unknownAccount = UNKNOWN_ACCOUNT): PolicyOptions {
  return policyOptionsOf(deployment, deployment.accountId ?? unknownAccount);
}

/** A text made with `policyOptions`, for people: an account that is not known yet is `ACCOUNT_ID`. */
export function forPeople(text: string): string {
  return text.replaceAll(UNKNOWN_ACCOUNT, ACCOUNT_ID);
}
