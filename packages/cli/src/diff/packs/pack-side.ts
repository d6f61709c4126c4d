import type { Deployment } from "../../../../../src/settings/deployment";
import { SettingsError } from "../../../../../src/settings/errors";
import { defineDeployments } from "../../../../../src/settings/load";
import type { SettingsInput } from "../../../../../src/settings/settings";
import { type JsonObject, objectOf, parseJson, textOf } from "../../../../../src/text/json";
import { DEPLOYMENT_FILE, effectiveSettings } from "../../review/contents";

export const MAIN_FILE = "main.tf.json";

/** The committed provider lock, next to the files of a review pack. */
export const LOCK_FILE = ".terraform.lock.hcl";

export type Files = Readonly<Record<string, string>>;

/** A review pack as it was read. */
export interface PackSide {
  readonly files: Files;
  readonly terraform: JsonObject;
  readonly settings: JsonObject | undefined;
  readonly version: string | undefined;
}

/** Or why this version does not accept the settings; undefined if the deployment does not exist. */
export type ReadDeployment = Deployment | { readonly errors: readonly string[] } | undefined;

export function sideOf(files: Files = {}): PackSide {
  const { settings, version } = objectOf(parseJson(files[DEPLOYMENT_FILE] ?? ""));
  return {
    files,
    terraform: objectOf(parseJson(files[MAIN_FILE] ?? "")),
    settings:
      files[DEPLOYMENT_FILE] === undefined ? undefined : effectiveSettings(objectOf(settings)),
    version: textOf(version),
  };
}

export function deploymentOf(stack: string, settings?: JsonObject): ReadDeployment {
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
