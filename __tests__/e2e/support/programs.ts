import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

/** A program that applies: Terraform or OpenTofu. */
export interface Program {
  /** Its name and version, as it reports them. */
  readonly name: string;
  readonly path: string;
  /** Variables of its environment. */
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * Binaries of Terraform or OpenTofu in addition to the Terraform on the PATH: absolute paths in
 * `E2E_TERRAFORMS`, separated as in PATH.
 */
export const FURTHER_PROGRAMS: readonly string[] = (process.env.E2E_TERRAFORMS ?? "")
  .split(delimiter)
  .filter((path) => path !== "");

/** All programs of the core tests. Runs each binary to read its version. */
export function programs(): readonly Program[] {
  return ["terraform", ...FURTHER_PROGRAMS].map((path) => {
    const [name = path] = spawnSync(path, ["version"], { encoding: "utf8" }).stdout.split("\n");
    return { name, path };
  });
}
