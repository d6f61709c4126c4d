import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../../helpers/project-root";
import { startInBackground } from "./background-program";

/**
 * Puts an `aws` first on the PATH that needs not load the AWS CLI for each call. Does nothing if the AWS CLI is not a package of this
 * Python. The process of the CLI ends with this one.
 */
export async function startAwsCli(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "e2e-aws-cli-"));
  const cli = join(PROJECT, "__tests__/e2e/support/aws_cli.py");
  const line = await startInBackground("python3", cli, join(folder, "socket"), join(folder, "aws"));
  if (line === undefined) {
    rmSync(folder, { recursive: true });
  } else {
    process.env.PATH = `${folder}:${process.env.PATH}`;
  }
}
