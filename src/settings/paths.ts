import { isObject } from "./is-object";

/** CDKTF's output folder where nothing else is stated. Source: `App` in cdktf/lib/app.ts. */
export const OUTPUT_FOLDER = "cdktf.out";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * CDKTF's output folder, as CDKTF's own `App` finds it.
 * @throws Error if CDKTF_OUTDIR is empty: CDKTF fails then, after it has begun
 */
export function outputFolder(environment: Environment): string {
  const folder = environment.CDKTF_OUTDIR ?? OUTPUT_FOLDER;
  if (folder.trim() === "") {
    throw new Error("CDKTF_OUTDIR: is empty; write the name of a folder, or unset the variable");
  }
  return folder;
}

/**
 * The folder of the settings files: CDKTF's context value `deployments`, read from the environment,
 * since the folder is read before CDKTF's `App` exists.
 * @throws Error if CDKTF_CONTEXT_JSON is not a JSON object, or `deployments` not a string
 */
export function deploymentsFolder(environment: Environment): string {
  const context = environment.CDKTF_CONTEXT_JSON;
  if (context === undefined || context === "") {
    return "deployments";
  }
  const value = parseContext(context);
  const { deployments: folder = "deployments" } = value;
  if (typeof folder !== "string" || folder === "") {
    throw new Error(`CDKTF_CONTEXT_JSON: "deployments" is not a folder name; ${EXAMPLE}`);
  }
  return folder;
}

const EXAMPLE = 'write for example {"deployments":"elsewhere"}';

function parseContext(context: string): { readonly deployments?: unknown } {
  try {
    const value: unknown = JSON.parse(context);
    if (isObject(value)) {
      return value;
    }
  } catch {
    // Reported below, as for JSON that is not an object.
  }
  throw new Error(`CDKTF_CONTEXT_JSON: is not a JSON object; ${EXAMPLE}`);
}
