import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

/** What applies: Terraform or OpenTofu. */
export interface Program {
  /** As it calls itself, with its version. */
  readonly name: string;
  readonly path: string;
}

/** Binaries of Terraform or OpenTofu beside the Terraform on the PATH: absolute paths in `E2E_TERRAFORMS`, separated as in PATH. */
export const FURTHER_PROGRAMS: readonly string[] = (process.env.E2E_TERRAFORMS ?? "")
  .split(delimiter)
  .filter((path) => path !== "");

/** Everything that the core tests run with. Asks each binary for its version. */
export function programs(): readonly Program[] {
  return ["terraform", ...FURTHER_PROGRAMS].map((path) => {
    const [name = path] = spawnSync(path, ["version"], { encoding: "utf8" }).stdout.split("\n");
    return { name, path };
  });
}
