import { existsSync, readFileSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { packageFile } from "../../text/package-file";

interface PackageJson {
  readonly name: string;
  readonly version: string;
}

/** Whether the program runs in a checkout of its project, and not as an installed package. */
export function isCheckout(): boolean {
  return basename(packageFile("..")) !== "node_modules";
}

/**
 * What the package.json of a folder names to install this package: the packed file that this one was installed from, or that
 * `npm run package` creates in this checkout, relative to the folder; otherwise the version, which npm looks up in its registry.
 */
export function packageSource(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as PackageJson;
  const file = isCheckout() ? packageFile(`${name}-${version}.tgz`) : installedFile(name);
  return file === undefined ? version : `file:${relative(resolve(folder), file)}`;
}

/**
 * The packed file that the package was installed from; undefined if it comes from a registry. npm keeps where it installed each
 * package from in `node_modules/.package-lock.json`, relative to the folder above.
 */
function installedFile(name: string): string | undefined {
  const lock = packageFile("../.package-lock.json");
  if (!existsSync(lock)) {
    return undefined;
  }
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const [, file] = /^file:(.+)$/.exec(packages[`node_modules/${name}`]?.resolved ?? "") ?? [];
  return file === undefined ? undefined : resolve(packageFile("../.."), file);
}
