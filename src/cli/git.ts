import { spawnSync } from "node:child_process";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Runs Git in a folder, whatever repository a hook or a script has named in the environment. */
export function gitWith(environment: Environment) {
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("GIT_")));
  return (folder: string, ...args: readonly string[]) => {
    const { status, stdout, stderr, error } = spawnSync("git", ["-C", folder, ...args], { encoding: "utf8", env });
    return { status, stdout: stdout ?? "", stderr: stderr ?? "", error: error as NodeJS.ErrnoException | undefined };
  };
}
