import { parseJson, valueAt } from "../text/json";

type Environment = Readonly<Record<string, string | undefined>>;

/** CDKTF's output folder. Source of the default: `App` in cdktf/lib/app.ts. CI systems set a variable without a value to an empty text. */
export function outputFolder({ CDKTF_OUTDIR: folder }: Environment): string {
  return folder || "cdktf.out";
}

/**
 * The folder of the settings files: CDKTF's context value `deployments`, read from the environment,
 * since the folder is read before CDKTF's `App` exists.
 */
export function deploymentsFolder({ CDKTF_CONTEXT_JSON: context = "" }: Environment): string {
  const folder = valueAt(parseJson(context), ["deployments"]);
  return typeof folder === "string" && folder !== "" ? folder : "deployments";
}
