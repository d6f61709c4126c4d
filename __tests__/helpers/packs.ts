import { deploymentPolicies } from "../../src/iam/deployment-policies";
import type { PolicyOptions } from "../../src/iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../src/settings/deployment";
import type { JsonObject } from "../../src/text/json";
import { ENVIRONMENT } from "./clusters";
import { deployment } from "./deployment";
import { memoized } from "./memoized";
import { packFilesOf } from "./reviewed";

/** The review pack of settings. Tests of several files compare the same ones. */
export const reviewPackOf = memoized((settings: string) => packFilesOf(settings));

/** The Terraform JSON in it; of its own, so that a test can change it. */
export const packOf = (settings: string): JsonObject => JSON.parse(reviewPackOf(settings)["main.tf.json"] ?? "");

/** A deployment's policy options; an account that is not set is the one of the local AWS. */
export const optionsOf = (one: Deployment): PolicyOptions =>
  policyOptionsOf({ ...one, accountId: one.accountId ?? ENVIRONMENT.account });

/** A deployment with these policy options; the reverse of `optionsOf`. */
export function deploymentOf(options: PolicyOptions): Deployment {
  const plain = deployment();
  const { mode, supplement, environment, cluster } = options;
  const { region, account: accountId } = environment;
  const policy = { ...plain.policy, mode, supplement };
  const settings = { ...plain.settings, region, accountId };
  return { ...plain, settings, region, accountId, cluster, policy, policies: deploymentPolicies(options, policy.name) };
}
