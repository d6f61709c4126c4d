import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The root of the project. It is searched for, because the tests run as sources and compiled, one folder deeper. */
export const PROJECT = rootAbove(__dirname);

function rootAbove(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
}
