import { SettingsError } from "../../../settings/errors";
import { defineDeployments } from "../../../settings/load";
import type { SettingsInput } from "../../../settings/schema/deployment-schema";
import { type JsonObject, objectOf, parseJson, textOf } from "../../../text/json";
import { DEPLOYMENT_FILE, effectiveSettings } from "../../pack/contents";

/** The file of a review pack that Terraform applies. */
export const MAIN_FILE = "main.tf.json";

/** The committed provider lock, next to the files of a review pack. */
export const LOCK_FILE = ".terraform.lock.hcl";

/** A review pack: text by file name. */
export type Files = Readonly<Record<string, string>>;

/** One side of a change of a deployment: a review pack as it was read. */
export type PackSide = Readonly<ReturnType<typeof sideOf>>;

/** Reads a review pack. @param files undefined where the deployment is not there */
export function sideOf(files: Files = {}) {
  const { settings, version } = objectOf(parseJson(files[DEPLOYMENT_FILE] ?? ""));
  return {
    files,
    terraform: objectOf(parseJson(files[MAIN_FILE] ?? "")),
    /** Undefined where the deployment is not there. */
    settings: files[DEPLOYMENT_FILE] === undefined ? undefined : effectiveSettings(objectOf(settings)),
    /** The version of the program that wrote it. */
    version: textOf(version),
  };
}

/** The deployment that settings of a review pack describe, or why this version does not accept them. */
export function deploymentOf(stack: string, settings?: JsonObject) {
  try {
    return settings && defineDeployments({ [stack]: settings as unknown as SettingsInput })[stack];
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    const [, ...errors] = error.message.split("\n  ");
    return { errors };
  }
}
