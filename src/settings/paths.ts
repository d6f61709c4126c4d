import { isObject, parseJson } from "../text/json";

/**
 * CDKTF's output folder. Source of the default: `App` in cdktf/lib/app.ts. CI systems set a
 * variable without a value to an empty string.
 */
export function outputFolder({ CDKTF_OUTDIR: folder }: NodeJS.ProcessEnv): string {
  return folder || "cdktf.out";
}

/**
 * The folder of the settings files: CDKTF's context value `deployments`, read from the environment,
 * because the folder is read before CDKTF's `App` exists.
 * @throws Error if CDKTF_CONTEXT_JSON is not a JSON object, or `deployments` not a string
 */
export function deploymentsFolder({ CDKTF_CONTEXT_JSON: context }: NodeJS.ProcessEnv): string {
  const value = parseJson(context || "{}");
  const folder = isObject(value) ? (value.deployments ?? "deployments") : undefined;
  if (typeof folder !== "string" || folder === "") {
    throw new Error(
      "CDKTF_CONTEXT_JSON: is not a JSON object with a folder; " +
        'write for example {"deployments":"elsewhere"}',
    );
  }
  return folder;
}
