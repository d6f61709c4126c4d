import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { type Command, Option } from "commander";
import { deploymentsFolder, outputFolder } from "../../../../../src/settings/paths";
import { fileErrorMessage } from "../../../../../src/text/files";
import { printable } from "../../../../../src/text/printable";
import type { Waiting } from "../../account/aws/client";
import { ClusterMismatch } from "../../account/dkp-key";
import { EXIT, type ExitCode } from "../../findings/finding";
import { type TerraformCli, terraformCli } from "../../terraform/terraform-cli";

/** The part of a process that a command uses. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly versions: { readonly node: string };
}

/** An error outweighs a result that only requires attention: not everything was done. */
const BY_WEIGHT: readonly ExitCode[] = [EXIT.success, EXIT.attention, EXIT.error, EXIT.breaking];

const heavier = (one: ExitCode, other: ExitCode): ExitCode =>
  BY_WEIGHT.indexOf(one) > BY_WEIGHT.indexOf(other) ? one : other;

/** One run of a command: what it reads from its environment, what it prints, and its exit code. */
export class Session {
  exitCode: ExitCode = EXIT.success;

  constructor(readonly host: Host) {}

  raise(code: ExitCode): void {
    this.exitCode = heavier(code, this.exitCode);
  }

  get settings(): string {
    return deploymentsFolder(this.host.env);
  }

  get output(): string {
    return outputFolder(this.host.env);
  }

  get terraform(): TerraformCli {
    return terraformCli(this.host.env, this.printError);
  }

  /**
   * Writes to standard output; values in the text can neither control the terminal nor run workflow
   * commands.
   */
  print(text: string): void {
    this.host.stdout.write(printable(text));
  }

  readonly printError = (text: string): void => {
    this.host.stderr.write(printable(text));
  };

  /**
   * For calls of AWS.
   * @param limit in seconds, for all of them together
   */
  waiting(limit: number): Waiting {
    return { progress: this.printError, limit };
  }

  printJson(value: unknown): void {
    this.print(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Prints an error as one message. `DEBUG=1` adds the stack trace. */
  fail(error: unknown): void {
    this.raise(error instanceof ClusterMismatch ? EXIT.breaking : EXIT.error);
    const { message, stack = message } = error as Error;
    this.printError(
      `${this.host.env.DEBUG === "1" ? stack : (fileErrorMessage(error) ?? message)}\n`,
    );
  }
}

export type Define = (command: Command, session: Session) => void;

/** `--timeout`: a number of seconds. */
export function timeoutOption(seconds: number): Option {
  const option = new Option("--timeout <seconds>", "time limit of the calls to AWS");
  return option.default(seconds).argParser((text) => {
    const number = Number(text);
    if (!(number > 0 && number <= 3600)) {
      throw new Error(
        `--timeout: "${text}" is not a number of seconds up to 3600; ` +
          "write for example --timeout 120",
      );
    }
    return number;
  });
}

/** `--format`: the first one is the default. */
export function formatOption(...formats: readonly [string, ...string[]]): Option {
  return new Option("--format <format>", "output format").choices(formats).default(formats[0]);
}

/**
 * Asks at a terminal.
 * @returns why it is not done; undefined if the answer is the wanted one
 */
export async function asked(
  session: Session,
  question: string,
  wanted = "yes",
): Promise<string | undefined> {
  const text = await answerOf(session, question, () => true);
  return text === wanted ? undefined : `the answer is not ${wanted}`;
}

/**
 * Asks at a terminal until an answer fits.
 * @returns undefined at the end of the input
 */
export async function answerOf(
  { host, printError }: Pick<Session, "host" | "printError">,
  question: string,
  fits: (answer: string) => boolean,
): Promise<string | undefined> {
  const lines = createInterface({ input: host.stdin });
  try {
    printError(`\n${question}`);
    for await (const line of lines) {
      if (fits(line)) {
        return line;
      }
      printError(question);
    }
    return undefined;
  } finally {
    lines.close();
  }
}

/** How long calls that nobody waits for may keep the process. */
const LINGER_MS = 100;

/**
 * Runs a command in this process. An error is printed as one message. Calls of AWS that are still
 * open after a time limit do not keep the process.
 */
export function run(command: (host: Host) => ExitCode | Promise<ExitCode>): void {
  const host: Host = process;
  const session = new Session(host);
  for (const stream of [process.stdout, process.stderr]) {
    stream.once("error", (error) => outputFailed(error, session)).on("error", () => {});
  }
  Promise.resolve()
    .then(() => command(host))
    .then((code) => session.raise(code))
    .catch((error: unknown) => session.fail(error))
    .then(() => {
      process.exitCode = session.exitCode;
      // Later than everything that is written, and than the end by a signal that has arrived.
      process.stdout.write("", () => setTimeout(() => process.exit(), LINGER_MS).unref());
    });
}

/**
 * The command goes on, because it may be in the middle of an apply. A reader that ends early, such
 * as `head`, is no error; anything else, such as a full disk, is one.
 */
function outputFailed(error: NodeJS.ErrnoException, session: Session): void {
  if (error.code === "EPIPE") {
    return;
  }
  session.fail(
    new Error(
      fileErrorMessage({ ...error, path: "standard output" }) ??
        `standard output: ${error.message}`,
    ),
  );
  process.exitCode = session.exitCode;
}
