import { App, Testing } from "cdktf";
import { partitionOf } from "../../src/iam/arns";
import { deploymentPolicies } from "../../src/iam/deployment-policies";
import type { PolicyOptions } from "../../src/iam/policy-statements";
import type { Deployment } from "../../src/settings/deployment";
import { DeckhouseAccessStack } from "../../src/stack";
import type { JsonObject } from "../../src/text/json";
import { ENVIRONMENT } from "./clusters";
import { deployment } from "./deployment";
import { memoized } from "./memoized";
import { packFilesOf } from "./reviewed";

/** A deployment's Terraform JSON without CDKTF's comments; of its own, so that a test can change it. */
export function packOf(given: Deployment | string): JsonObject {
  const synthesized = typeof given === "string" ? synthesizedSettings(given) : synthesizedDeployment(given);
  return JSON.parse(synthesized, (key, value) => (key === "//" ? undefined : value)) as JsonObject;
}

const synthesizedDeployment = (given: Deployment): string =>
  Testing.synth(new DeckhouseAccessStack(new App({ skipValidation: true }), given));
/** Tests of several files compare the same settings. */
const synthesizedSettings = memoized((settings: string) => synthesizedDeployment(deployment(settings)));

/** The review pack of settings. */
export const reviewPackOf = memoized(
  (settings: string): Readonly<Record<string, string>> => packFilesOf(settings, packOf(settings)),
);

/** A deployment's policy options; an account that is not set is the one of the local AWS. */
export function optionsOf({ region, accountId, policy, cluster }: Deployment): PolicyOptions {
  const { mode, supplement } = policy;
  return {
    mode,
    supplement,
    cluster,
    environment: { partition: partitionOf(region), region, account: accountId ?? ENVIRONMENT.account },
  };
}

/** A deployment with these policy options; the reverse of `optionsOf`. */
export function deploymentOf(options: PolicyOptions): Deployment {
  const plain = deployment();
  const { mode, supplement, environment, cluster } = options;
  const { region, account: accountId } = environment;
  const policy = { ...plain.policy, mode, supplement };
  const settings = { ...plain.settings, region, accountId };
  return { ...plain, settings, region, accountId, cluster, policy, policies: deploymentPolicies(options, policy.name) };
}
