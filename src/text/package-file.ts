import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The absolute path of a file of this package, wherever the package is installed and its code is compiled to.
 * @param path relative to the root of the package
 */
export function packageFile(path: string): string {
  return join(packageRoot(__dirname), path);
}

function packageRoot(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : packageRoot(dirname(folder));
}

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { readonly version: string };
  return version;
}
