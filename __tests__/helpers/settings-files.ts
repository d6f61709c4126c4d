import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../../src/settings/deployment";
import { SettingsError } from "../../src/settings/errors";
import { loadDeployments } from "../../src/settings/load";
import { type Files, inFolder, writeFiles } from "./folder";

/** On lines 1 and 2, so that the lines of a test begin on line 3. */
export const MINIMAL = "region: eu-central-1\nbackend: { s3: { bucket: states } }\n";

/** AWS's own example of a secret access key. */
export const SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** AWS's own example of an access key id. */
export const KEY_ID = "AKIAIOSFODNN7EXAMPLE";

function deploymentsOf(files: Files) {
  const root = mkdtempSync(join(tmpdir(), "settings-"));
  try {
    writeFiles(join(root, "deployments"), { "/": "", ...files });
    return inFolder(root, () => loadDeployments("deployments"));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/**
 * The whole message about these files. Fails if there is none, or if the program fails instead of
 * reporting an error.
 */
export function messageOf(files: Files): string {
  let deployments: readonly Deployment[];
  try {
    deployments = deploymentsOf(files);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.message;
    }
    throw error;
  }
  throw new Error(`accepted without an error: ${JSON.stringify(deployments)}`);
}

export function deploymentOf(text: string): Deployment {
  const [deployment] = deploymentsOf({ "dev.yaml": text });
  if (deployment === undefined) {
    throw new Error("no deployment");
  }
  return deployment;
}

/**
 * The errors of lines that are added to an otherwise valid settings file, from line 3 on, a line
 * each, without the heading.
 */
export function errorsWith(extra: string): readonly string[] {
  const [heading, ...errors] = messageOf({ "dev.yaml": MINIMAL + extra }).split("\n  ");
  expect(heading).toBe(
    `deployments/dev.yaml has ${errors.length === 1 ? "1 error" : `${errors.length} errors`}:`,
  );
  return errors;
}

export const deploymentWith = (extra: string) => deploymentOf(MINIMAL + extra);
