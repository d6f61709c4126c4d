import { reviewPack } from "../../packages/cli/src/review/pack";
import { type Reviewed, reviewed } from "../../packages/cli/src/review/reviewed";
import { deploymentPolicies } from "../../src/iam/deployment-policies";
import type { PolicyOptions } from "../../src/iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../src/settings/deployment";
import type { JsonObject } from "../../src/text/json";
import { ENVIRONMENT } from "./clusters";
import { deployment } from "./deployment";
import { memoized } from "./memoized";

/**
 * Of a deployment, or of settings as YAML.
 * @param terraform by default its own Terraform JSON
 */
export function reviewOf(of: Deployment | string, terraform?: Reviewed["terraform"]): Reviewed {
  return reviewed(typeof of === "string" ? deployment(of) : of, terraform);
}

/** Of a deployment, or of settings as YAML: text by file name. */
export function packFilesOf(
  of: Deployment | string,
  terraform?: Reviewed["terraform"],
): Readonly<Record<string, string>> {
  return reviewPack(reviewOf(of, terraform));
}

/** The settings for which REVIEW.md recommends a stronger value, in its order. */
export function weakSettings(settings: string): readonly string[] {
  const [, page = ""] = (packFilesOf(settings, {})["REVIEW.md"] ?? "").split("\n## Decide\n");
  return [...(page.split("\n```mermaid")[0] ?? "").matchAll(/^- \[ \] `([^`]+)`/gm)].map(
    ([, setting = ""]) => setting,
  );
}

/** Tests of several files compare the same review packs. */
export const reviewPackOf = memoized((settings: string) => packFilesOf(settings));

/** The Terraform JSON in a review pack; a copy, so that a test can change it. */
export const packOf = (settings: string): JsonObject =>
  JSON.parse(reviewPackOf(settings)["main.tf.json"] ?? "");

/** An account that is not set is the one of the local AWS. */
export const optionsOf = (one: Deployment): PolicyOptions =>
  policyOptionsOf({ ...one, accountId: one.accountId ?? ENVIRONMENT.account });

/** The reverse of `optionsOf`. */
export function deploymentOf(options: PolicyOptions): Deployment {
  const plain = deployment();
  const { mode, environment, cluster } = options;
  const { region, account: accountId } = environment;
  const policy = { ...plain.policy, mode };
  const settings = { ...plain.settings, region, accountId };
  return {
    ...plain,
    settings,
    region,
    accountId,
    cluster,
    policy,
    policies: deploymentPolicies(options, policy.name),
  };
}
