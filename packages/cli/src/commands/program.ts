import { Command, CommanderError } from "commander";
import { packageVersion } from "../../../../src/text/package-file";
import { EXIT, type ExitCode } from "../findings/finding";
import { COMMANDS, ENVIRONMENT, EXIT_CODES } from "./commands";
import { type Host, Session } from "./support/session";

/**
 * Runs the command-line program. Every error is printed as one message.
 * @returns the exit code
 */
export async function runProgram(args: readonly string[], host: Host): Promise<ExitCode> {
  const session = new Session(host);
  try {
    const program = root(session);
    const [first, second] = program.parseOptions([...args]).operands;
    await addCommands(program, session, first === "help" ? second : first);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      session.fail(error);
    } else if (error.exitCode !== 0) {
      session.raise(EXIT.error);
    }
  }
  return session.exitCode;
}

/** An empty argument is, for example, a variable of a shell that nobody has set. */
function requireValues(command: Command): void {
  const options = command.options.filter(
    (option) => command.getOptionValue(option.attributeName()) === "",
  );
  const empty = command.args.includes("") ? "an argument" : options[0]?.long;
  if (empty !== undefined) {
    command.error(`error: ${empty} is empty; write a value, or leave it out`);
  }
}

/** Adds all commands. Only the one that runs needs its options. */
async function addCommands(
  program: Command,
  session: Session,
  named: string | undefined,
): Promise<void> {
  for (const [name, { summary, load, examples }] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .summary(summary)
      .description(summary)
      .allowExcessArguments(false);
    command.showHelpAfterError(`${program.name()} ${name} --help shows the usage`);
    if (name === named) {
      (await load()).define(command, session);
      command.addHelpText(
        "after",
        `\nExamples:\n${examples.map((example) => `  ${program.name()} ${example}`).join("\n")}`,
      );
    }
  }
}

/** Adds what commander does not know to the help, in commander's format of a section. */
function addHelpSection(
  command: Command,
  title: string,
  rows: Readonly<Record<string, string>>,
): void {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? 80 });
  const width = Math.max(...Object.keys(rows).map((term) => term.length));
  const lines = Object.entries(rows).map(([term, text]) =>
    help.formatItem(term, width, text, help),
  );
  command.addHelpText("after", ["", title, ...lines].join("\n"));
}

/** Commands inherit the settings of this one. */
function root(session: Session): Command {
  const program = new Command("dkp-access");
  program
    .description("AWS access for the Deckhouse Kubernetes Platform")
    .version(packageVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .configureOutput({ writeOut: (text) => session.print(text), writeErr: session.printError })
    .showHelpAfterError("dkp-access --help shows the usage")
    .hook("preAction", (_, command) => requireValues(command))
    .exitOverride();
  addHelpSection(program, "Exit codes:", EXIT_CODES);
  addHelpSection(program, "Environment variables:", ENVIRONMENT);
  return program;
}
