import { Readable, Writable } from "node:stream";
import { runProgram } from "../../packages/cli/src/commands/program";

interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command-line program in this process, as `dkp-access ARGUMENTS` runs in a folder.
 * @param env the whole environment of the command
 * @param node the version of Node.js
 * @param input its standard input
 * @param isTTY whether that is a terminal
 */
export async function runCli(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  node = "20.9.0",
  input = "",
  isTTY = false,
): Promise<CliResult> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const before = process.cwd();
  process.chdir(folder);
  try {
    const status = await runProgram(args, {
      env,
      stdin: Object.assign(Readable.from([input]), { isTTY }),
      stdout,
      stderr,
      versions: { node },
    });
    return { status, stdout: stdout.text, stderr: stderr.text };
  } finally {
    process.chdir(before);
  }
}

class Captured extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void) {
    this.text += chunk.toString();
    done();
  }
}
