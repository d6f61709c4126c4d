import type { Writable } from "node:stream";
import type { Command } from "commander";
import { deploymentsFolder, outputFolder } from "../../../settings/paths";
import { fileErrorMessage } from "../../../text/files";
import { printable } from "../../../text/printable";
import { type TerraformCli, terraformCli } from "../../terraform/terraform-cli";
import { EXIT, type ExitCode } from "../exit-codes";

/** The part of a process that a command uses. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly versions: { readonly node: string };
}

/** One run of a command: what it reads from its environment, what it prints, and its exit code. */
export class Session {
  private code: ExitCode = EXIT.success;

  constructor(readonly host: Host) {}

  get exitCode(): ExitCode {
    return this.code;
  }

  /** Sets the exit code, unless a higher one is set. */
  raise(code: ExitCode): void {
    this.code = code > this.code ? code : this.code;
  }

  /** The folder of the settings files. */
  get settings(): string {
    return deploymentsFolder(this.host.env);
  }

  /** CDKTF's output folder. */
  get output(): string {
    return outputFolder(this.host.env);
  }

  get terraform(): TerraformCli {
    return terraformCli(this.host.env, this.printError);
  }

  /** Writes to standard output; values in the text can neither control the terminal nor run workflow commands. */
  print(text: string): void {
    this.host.stdout.write(printable(text));
  }

  /** The same for standard error. */
  readonly printError = (text: string): void => {
    this.host.stderr.write(printable(text));
  };

  /** Prints a value as JSON. */
  printJson(value: unknown): void {
    this.print(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Prints an error as one message. `DEBUG=1` adds the stack trace. */
  fail(error: unknown): void {
    this.raise(EXIT.error);
    const { message, stack = message } = error as Error;
    this.printError(`${this.host.env.DEBUG === "1" ? stack : (missingPackage(error) ?? fileErrorMessage(error) ?? message)}\n`);
  }
}

/** The message about a package that a command loads and that is not installed. */
function missingPackage(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  const [, name] = /^Cannot find (?:module|package) '([^']+)'/.exec(message) ?? [];
  return name !== undefined && (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND")
    ? `the package ${name} is not installed; run npm ci, without --omit=optional`
    : undefined;
}

/** Declares the arguments, options and action of a command. */
export type Define = (command: Command, session: Session) => void;
