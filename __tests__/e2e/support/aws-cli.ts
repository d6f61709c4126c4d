import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../../helpers/project-root";

/**
 * Puts an `aws` first on the PATH that needs not load the AWS CLI for each call. Does nothing if the AWS CLI is not a package of this
 * Python. The process of the CLI ends with this one.
 */
export async function startAwsCli(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "e2e-aws-cli-"));
  const args = [join(folder, "socket"), join(folder, "aws")];
  const cli = spawn("python3", [join(PROJECT, "__tests__/e2e/support/aws_cli.py"), ...args], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await Promise.race([once(cli.stdout, "data"), once(cli, "exit")]);
  for (const handle of [cli, cli.stdin as Socket, cli.stdout as Socket]) {
    handle.unref();
  }
  if (cli.exitCode === null) {
    process.env.PATH = `${folder}:${process.env.PATH}`;
  }
}
