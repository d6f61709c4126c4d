import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The absolute path of a file of this package, wherever the package is installed and its code is
 * compiled to.
 * @param path relative to the root of the package
 */
export function packageFile(path: string): string {
  return join(packageRoot(__dirname), path);
}

function packageRoot(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : packageRoot(dirname(folder));
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** `package.json` of this package. */
export const packageJson = (): PackageJson =>
  JSON.parse(readFileSync(packageFile("package.json"), "utf8"));

/** The version of this package. */
export const packageVersion = (): string => packageJson().version;
