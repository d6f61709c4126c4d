import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { secretIn } from "../settings/secrets";
import { type Environment, gitWith } from "./git";

/**
 * Warnings about access keys in a file that Git tracks: DKP's installation file usually holds one. Never the value itself.
 * @param environment of Git
 */
export function committedKeys(file: string, environment: Environment): readonly string[] {
  const lines = keysIn(file);
  // Git is started only where there is something to warn of. Without Git, nothing is tracked.
  const tracked =
    lines.length > 0 && gitWith(environment)(dirname(file), "ls-files", "--error-unmatch", "--", basename(file)).status === 0;
  return tracked
    ? lines.map(
        ({ line, what }) =>
          `cluster.configFile: ${file}, line ${line}: has ${what} (not shown), and Git tracks the file; replace the key, and keep provider out of the committed file`,
      )
    : [];
}

function keysIn(file: string): readonly { readonly line: number; readonly what: string }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((text, index) => {
      const what = secretIn(text);
      return what?.startsWith("an AWS ") ? [{ line: index + 1, what }] : [];
    });
}
