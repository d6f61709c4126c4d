import { basename, dirname } from "node:path";
import type { InstallationFile } from "../../settings/config-file";
import { type Environment, gitWith } from "../git";

/**
 * Warnings about access keys in a file that Git tracks: DKP's installation file usually holds one. Never the value itself.
 * @param environment of Git
 */
export function committedKeys({ path, accessKeys }: InstallationFile, environment: Environment): readonly string[] {
  // Git is started only where there is something to warn of. Without Git, nothing is tracked.
  const tracked =
    accessKeys.length > 0 &&
    gitWith(environment)(dirname(path), "ls-files", "--error-unmatch", "--", basename(path)).status === 0;
  return tracked
    ? accessKeys.map(
        ({ line, what }) =>
          `cluster.configFile: ${path}, line ${line}: has ${what} (not shown), and Git tracks the file; replace the key, and keep provider out of the committed file`,
      )
    : [];
}
