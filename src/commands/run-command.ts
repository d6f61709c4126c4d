import { fileErrorMessage } from "../files";
import { printError } from "./print";

/** Runs a command. An error ends it with exit code 1 and is printed as its message; `DEBUG=1` adds where it came from. */
export function run(main: () => void | Promise<void>): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", outputFailed);
  }
  try {
    main()?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  process.exitCode = 1;
  const { message, stack } = error as Error;
  printError(`${process.env.DEBUG === "1" ? stack : (fileErrorMessage(error) ?? message)}\n`);
}

/**
 * Output that nobody takes. A reader that has had enough, such as `head`, is no failure: the command ends without a word, with
 * the exit code that it has set so far. Anything else, such as a full disk, is one.
 */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") {
    fail(new Error(fileErrorMessage({ ...error, path: "standard output" }) ?? `standard output: ${error.message}`));
  }
  process.exit();
}
