import { ACCOUNT_ID } from "../../iam/arns";
import type { PolicyOptions } from "../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";

/**
 * Stands for an account that the settings do not state. It sorts before a colon, as an account ID does, and has as many
 * characters besides white space. No part of an ARN contains a space, so that no value of the settings is mistaken for it.
 */
const UNKNOWN_ACCOUNT = "0 ACCOUNT_ID.";

/**
 * The policy of a deployment as AWS stores it. The account may be unknown until Terraform runs.
 * @param unknownAccount stands for such an account in ARNs; it must sort before a colon, as digits do
 */
export function policyOptions(deployment: Deployment, unknownAccount = UNKNOWN_ACCOUNT): PolicyOptions {
  return policyOptionsOf(deployment, deployment.accountId ?? unknownAccount);
}

/** A text made of `policyOptions`, for readers: an account that the settings do not state is `ACCOUNT_ID`. */
export function forPeople(text: string): string {
  return text.replaceAll(UNKNOWN_ACCOUNT, ACCOUNT_ID);
}
