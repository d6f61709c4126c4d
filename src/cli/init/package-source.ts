import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { packageFile, packageJson } from "../../text/package-file";
import { type Environment, gitWith } from "../git";

/**
 * Where a repository installs this package from.
 * @param environment of Git
 * @returns for package.json, the version, which npm looks up in its registry, or the packed file in the repository; and the packed file
 *   that this package was installed from, or that `npm run package` creates in this checkout
 */
export function packageSource(environment: Environment): { readonly named: string; readonly file?: string } {
  const { name, version } = packageJson();
  const isCheckout = basename(packageFile("..")) !== "node_modules";
  const file = isCheckout
    ? packageFile(`${name}-${packedVersion(version, environment)}.tgz`)
    : installedFile(`node_modules/${name}`);
  return file === undefined ? { named: version } : { named: `file:${basename(file)}`, file };
}

/** The version that a checkout is packed as, see scripts/package.mjs. */
function packedVersion(version: string, environment: Environment): string {
  const git = (...args: readonly string[]) => gitWith(environment)(packageFile("."), args).stdout.toString("utf8").trim();
  const commit = git("rev-parse", "--short=8", "HEAD");
  const isRelease = commit === "" || git("tag", "--points-at", "HEAD").split("\n").includes(`v${version}`);
  return isRelease ? version : `${version}-g${commit}`;
}

/** npm keeps where it installed each package from in `node_modules/.package-lock.json`, relative to the folder above. */
function installedFile(path: string): string | undefined {
  const lock = packageFile("../.package-lock.json");
  if (!existsSync(lock)) {
    return undefined;
  }
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const [, file] = /^file:(.+)$/.exec(packages[path]?.resolved ?? "") ?? [];
  return file === undefined ? undefined : resolve(packageFile("../.."), file);
}
