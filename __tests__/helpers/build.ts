import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PROJECT } from "./project-root";

/** Compiles the project once for all tests that run its commands. @throws Error with the output of the compiler, without a stack trace */
export default function build(): void {
  const { status, stdout } = spawnSync(process.execPath, [join(PROJECT, "node_modules/typescript/bin/tsc"), "-b"], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  if (status !== 0) {
    throw Object.assign(new Error(stdout), { stack: stdout });
  }
}
