import { ACCOUNT_ID, iamResourceArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { SettingsError } from "../../settings/errors";
import { defineDeployments } from "../../settings/load";
import type { SettingsInput } from "../../settings/schema/deployment-schema";
import { isObject, type JsonObject, parseJson, valueAt } from "../../text/json";
import { DEPLOYMENT_FILE } from "../review/file-names";
import { effectiveSettings } from "../review/normalized-settings";
import { objectOf, textOf } from "../text/json";
import { type Difference, differences, mapStrings } from "./json-values";
import { type PackPolicies, UNAPPLIED_FILES } from "./pack-policies";
import { type Policy, readPolicy } from "./policies";
import { statedAccount } from "./snapshot";

/** The file of a review pack that Terraform applies. */
export const MAIN_FILE = "main.tf.json";

/** The committed provider lock, beside the files of a review pack. */
export const LOCK_FILE = ".terraform.lock.hcl";

/** A review pack: text by file name. */
export type Files = Readonly<Record<string, string>>;

/** One side of a change of a deployment: a review pack as it was read. */
export interface PackSide {
  readonly files: Files;
  readonly terraform: JsonObject;
  /** Undefined where the review pack does not have them. */
  readonly settings: JsonObject | undefined;
  /** The version of the program that wrote it. */
  readonly version: string | undefined;
}

export function sideOf(files: Files = {}): PackSide {
  const { settings, version } = objectOf(parseJson(files[DEPLOYMENT_FILE] ?? ""));
  const terraform = objectOf(parseJson(files[MAIN_FILE] ?? ""));
  return { files, terraform, settings: isObject(settings) ? effectiveSettings(settings) : undefined, version: textOf(version) };
}

/** What differs between settings. With another attachment, the group is there on one side alone: it follows from the attachment. */
export function settingDifferences(before: JsonObject, after: JsonObject): readonly Difference[] {
  return differences(before, after).filter(({ field }) => field !== "group");
}

/** The deployment that settings of a review pack describe, or why this version does not accept them. */
export function deploymentOf(stack: string, settings: JsonObject): Deployment | { readonly errors: readonly string[] } {
  try {
    return defineDeployments({ [stack]: settings as unknown as SettingsInput })[stack] as Deployment;
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    const [, ...errors] = error.message.split("\n  ");
    return { errors };
  }
}

/** What placeholders in the policies of a review pack stand for: the account, and the prefix of the cluster. */
type Placeholders = { readonly account: string; readonly prefix: string | undefined };

/** The policies of a review pack, with the account and the prefix that the settings of one side may leave open. */
export function policiesIn(files: Files, placeholders: Placeholders): PackPolicies {
  const read = (text: string): Policy =>
    mapStrings(readPolicy(text), (string) => withPlaceholders(string, placeholders)) as Policy;
  return new Map(UNAPPLIED_FILES.flatMap((file) => (files[file] === undefined ? [] : [[file, read(files[file])] as const])));
}

/** An ARN with the account in place of `ACCOUNT_ID`, and of `*`: an identity policy reaches no other account's IAM. */
function withPlaceholders(arn: string, { account, prefix }: Placeholders): string {
  const [start, partition, service, region, owner = "", ...resource] = arn.split(":");
  if (resource.length === 0 || start !== "arn") {
    return arn;
  }
  const isOpen = owner === ACCOUNT_ID || (service === "iam" && owner === "*");
  const named = resource.map((part) => (prefix === undefined ? part : part.replace(/\/PREFIX-node$/, `/${prefix}-node`)));
  return [start, partition, service, region, isOpen ? account : owner, ...named].join(":");
}

/** The prefix that settings state. */
export function prefixOf({ settings }: PackSide): string | undefined {
  return textOf(valueAt(settings, ["cluster", "prefix"]));
}

/** ARN of the user of a deployment. @param account stands for one that is not stated */
export function userArnOf({ terraform, settings }: PackSide, account: string): string {
  const { path = "/", name = "" } = objectOf(settings?.user);
  const partition = partitionOf(textOf(settings?.region) ?? "");
  return iamResourceArn({ partition, account: statedAccount(terraform) ?? account }, `user${path}${name}`);
}
