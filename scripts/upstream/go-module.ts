import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import type { GoFiles } from "./go-calls";

/**
 * Go files of a checked-out module, and its path. A folder with a go.mod of its own is another
 * module.
 * @throws Error without go.mod
 */
export function readFolder(root: string): { readonly module: string; readonly files: GoFiles } {
  const module = /^module\s+"?([^\s"]+)/m.exec(readFileSync(join(root, "go.mod"), "utf8"))?.[1];
  if (module === undefined) {
    throw new Error(`${join(root, "go.mod")}: has no module path`);
  }
  const files = new Map<string, string>();
  const folders = [root];
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (
        entry.isDirectory() &&
        !/^(?:\..*|_.*|vendor|testdata)$/.test(entry.name) &&
        !hasGoMod(path)
      ) {
        folders.push(path);
      }
      if (entry.isFile() && entry.name.endsWith(".go")) {
        files.set(relative(root, path).replaceAll(sep, "/"), readFileSync(path, "utf8"));
      }
    }
  }
  return { module, files };
}

function hasGoMod(folder: string): boolean {
  return readdirSync(folder).includes("go.mod");
}

/** What `go mod download -json` prints. Source: https://go.dev/ref/mod#go-mod-download. */
interface Download {
  readonly Dir: string;
  readonly Version: string;
  readonly Error?: string;
}

/**
 * Go files of a version of a module, which the Go command downloads.
 * @param version such as `1.54.0`, or `latest`
 * @returns also the exact version
 * @throws Error if Go is missing, or cannot download the version
 */
export async function downloadModule(
  module: string,
  version: string,
): Promise<{ readonly version: string; readonly files: GoFiles }> {
  const query = `${module}@${version === "latest" ? version : `v${version}`}`;
  const run = promisify(execFile)("go", ["mod", "download", "-json", query]);
  // It prints why it failed as well.
  const { stdout } = await run.catch((error: Error & { readonly stdout: string }) => {
    if (!error.stdout) {
      throw error;
    }
    return error;
  });
  const { Dir, Version, Error: reason } = JSON.parse(stdout) as Download;
  if (reason !== undefined) {
    throw new Error(reason.replaceAll(/\s+/g, " "));
  }
  return { version: Version.slice(1), files: readFolder(Dir).files };
}
