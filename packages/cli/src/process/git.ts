import { spawnSync } from "node:child_process";
import { type Environment, withoutPackagePrograms } from "./environment";

/** The review packs of some thousand deployments are shorter. */
const MAX_OUTPUT = 2 ** 29;

export interface GitResult {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly message: string;
  readonly error: NodeJS.ErrnoException | undefined;
}

type Git = (folder: string, args: readonly string[], input?: string) => GitResult;

/** Whatever repository a hook or a script has named in the environment. */
export function gitWith(environment: Environment): Git {
  const others = Object.entries(withoutPackagePrograms(environment)).filter(
    ([name]) => !name.startsWith("GIT_"),
  );
  const env = { ...Object.fromEntries(others), LC_ALL: "C" };
  return (folder: string, args: readonly string[], input = "") => {
    const { status, stdout, stderr, error } = spawnSync("git", ["-C", folder, ...args], {
      env,
      input,
      maxBuffer: MAX_OUTPUT,
    });
    const message = (error?.message ?? String(stderr)).trim().replaceAll(/\s*\n\s*/g, " ");
    return { status, stdout: stdout ?? Buffer.alloc(0), message, error };
  };
}
