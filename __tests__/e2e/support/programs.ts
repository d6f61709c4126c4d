import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

export interface Program {
  readonly name: string;
  readonly path: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Besides the Terraform on the PATH: absolute paths in `E2E_TERRAFORMS`, separated as in PATH. */
export const FURTHER_PROGRAMS: readonly string[] = (process.env.E2E_TERRAFORMS ?? "")
  .split(delimiter)
  .filter((path) => path !== "");

/** Runs each binary to read its version. */
export function programs(): readonly Program[] {
  return ["terraform", ...FURTHER_PROGRAMS].map((path) => {
    const [name = path] = spawnSync(path, ["version"], { encoding: "utf8" }).stdout.split("\n");
    return { name, path };
  });
}
