import { fileErrorMessage } from "../../../text/files";
import { EXIT } from "../exit-codes";
import { type Host, Session } from "./session";

/** How long what nobody waits for may keep the process. */
const LINGER_MS = 100;

/**
 * Runs a command in this process, with the exit code that it returns. An error is printed as one message. Calls of AWS that nobody
 * waits for any more, after a time limit, do not keep the process.
 */
export function run(command: (host: Host) => number | Promise<number>): void {
  const host: Host = process;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => outputFailed(error, host));
  }
  Promise.resolve()
    .then(() => command(host))
    .catch((error: unknown) => {
      new Session(host).fail(error);
      return EXIT.error;
    })
    .then((code) => {
      process.exitCode = Math.max(Number(process.exitCode ?? 0), code);
      // Later than everything that is written, and than the end by a signal that has arrived.
      process.stdout.write("", () => setTimeout(() => process.exit(), LINGER_MS).unref());
    });
}

/**
 * Output that cannot be written. A reader that has had enough, such as `head`, is no error: the command ends without a message and
 * with the exit code that it has so far. Anything else, such as a full disk, is an error.
 */
function outputFailed(error: NodeJS.ErrnoException, host: Host): void {
  if (error.code !== "EPIPE") {
    process.exitCode = EXIT.error;
    new Session(host).fail(
      new Error(fileErrorMessage({ ...error, path: "standard output" }) ?? `standard output: ${error.message}`),
    );
  }
  process.exit();
}
