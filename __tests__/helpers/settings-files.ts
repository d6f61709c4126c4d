import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../../src/settings/deployment";
import { SettingsError } from "../../src/settings/errors";
import { loadDeployments } from "../../src/settings/load";
import { type Files, writeFiles } from "./folder";

/** The minimal settings file, on lines 1 and 2, so that what a test adds begins on line 3. */
export const MINIMAL = "region: eu-central-1\nbackend: { s3: { bucket: states } }\n";

/** A region on line 1, for tests of `backend` and `cloud`, which then begin on line 2. */
export const REGION = "region: eu-central-1\n";

/** AWS's own example of a secret access key. */
export const SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** AWS's own example of an access key id. */
export const KEY_ID = "AKIAIOSFODNN7EXAMPLE";

/** The deployments that a folder with these files holds. */
export function deploymentsOf(files: Files): readonly Deployment[] {
  const root = mkdtempSync(join(tmpdir(), "settings-"));
  const folder = join(root, "deployments");
  try {
    writeFiles(folder, { "/": "", ...files });
    return loadDeployments(folder);
  } catch (error) {
    if (error instanceof SettingsError) {
      throw new Error(error.message.replaceAll(folder, "deployments"), { cause: error });
    }
    throw error;
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The whole message about these files. Fails where there is none, and where the program fails instead of reporting an error. */
export function messageOf(files: Files): string {
  let deployments: readonly Deployment[];
  try {
    deployments = deploymentsOf(files);
  } catch (error) {
    if (error instanceof Error && error.cause instanceof SettingsError) {
      return error.message;
    }
    throw error;
  }
  throw new Error(`accepted without an error: ${JSON.stringify(deployments)}`);
}

/** The errors of one settings file, a line each, without the heading. */
export function errorsOf(text: string): readonly string[] {
  const [heading, ...errors] = messageOf({ "dev.yaml": text }).split("\n  ");
  expect(heading).toBe(`deployments/dev.yaml has ${errors.length === 1 ? "1 error" : `${errors.length} errors`}:`);
  return errors;
}

/** The deployment that one settings file describes. */
export function deploymentOf(text: string): Deployment {
  const [deployment] = deploymentsOf({ "dev.yaml": text });
  if (deployment === undefined) {
    throw new Error("no deployment");
  }
  return deployment;
}

/** The errors of what is added to an otherwise valid settings file, from line 3 on. */
export const errorsWith = (extra: string) => errorsOf(MINIMAL + extra);

/** The deployment with something added to an otherwise valid settings file. */
export const deploymentWith = (extra: string) => deploymentOf(MINIMAL + extra);
