import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const PROJECT = join(__dirname, "../..");

export const projectFile = (path: string): string => readFileSync(join(PROJECT, path), "utf8");

/** Git tracks these files, below paths of the project or all. */
export const trackedFiles = (...below: readonly string[]): readonly string[] =>
  spawnSync("git", ["ls-files", "-z", ...below], { cwd: PROJECT, encoding: "utf8" })
    .stdout.split("\0")
    .filter((path) => path !== "" && existsSync(join(PROJECT, path)));
