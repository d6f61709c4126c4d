import { delimiter } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What npx and npm put in front of PATH. Source: `setPATH`,
 * https://github.com/npm/run-script/blob/v10.0.4/lib/set-path.js
 */
const PACKAGE_PROGRAMS = /(^|[\\/])node_modules[\\/]\.bin[\\/]?$/;

/**
 * For programs that no package has: without npm's folders in PATH, where any package could have a
 * program of the same name.
 */
export function withoutPackagePrograms(environment: Environment): Environment {
  const folders = environment.PATH?.split(delimiter).filter(
    (folder) => !PACKAGE_PROGRAMS.test(folder),
  );
  return folders === undefined ? environment : { ...environment, PATH: folders.join(delimiter) };
}
