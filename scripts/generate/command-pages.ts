import type { Command, Help } from "commander";
import { EXIT, EXIT_CODES } from "../../src/cli/commands/exit-codes";
import { fullProgram } from "../../src/cli/commands/program";
import { ENVIRONMENT_VARIABLES } from "../../src/cli/commands/support/environment-variables";
import { Session } from "../../src/cli/commands/support/session";
import { code, plain } from "../../src/cli/text/markdown";

const program = () => fullProgram(new Session(process));

/** Arguments and options of as many commands are listed once, before the commands. */
const COMMON = 3;

/** The arguments and options that several commands share, then of each command usage, summary and the others, as commander knows them. */
export function commandSections(): string {
  const { commands } = program();
  const all = commands.flatMap((command) => argumentLines(command, command.createHelp()));
  const common = new Set(all.filter((line) => all.filter((other) => other === line).length >= COMMON));
  const sections = commands.map((command) => commandSection(command, command.createHelp(), common));
  return `\n## Arguments and options of several commands\n\n${[...common].join("\n")}\n${sections.map((text) => `\n${text}\n`).join("")}`;
}

function commandSection(command: Command, help: Help, common: ReadonlySet<string>): string {
  const lines = argumentLines(command, help).filter((line) => !common.has(line));
  const [summary = ""] = help.commandDescription(command).split("\n\n");
  return [
    `## ${command.name()}`,
    "",
    code(help.commandUsage(command)),
    "",
    plain(summary),
    ...(lines.length === 0 ? [] : ["", ...lines]),
  ].join("\n");
}

/** The arguments, and the options besides `--help`, which every command has. */
function argumentLines(command: Command, help: Help): readonly string[] {
  const named = help
    .visibleArguments(command)
    .map((one) => [`[${one.name()}${one.variadic ? "..." : ""}]`, help.argumentDescription(one)] as const);
  const options = help
    .visibleOptions(command)
    .filter(({ long }) => long !== "--help")
    .map((option) => [help.optionTerm(option), help.optionDescription(option)] as const);
  return [...named, ...options].map(([term, meaning]) => `- ${code(term)}: ${plain(meaning)}`);
}

/** The options of the program itself. */
export function globalOptionsList(): string {
  const command = program();
  return `${argumentLines(command, command.createHelp()).join("\n")}\n`;
}

/** The environment variables. The help of each command lists those that it reads. */
export function environmentList(): string {
  return Object.entries(ENVIRONMENT_VARIABLES)
    .map(([variable, meaning]) => `- ${code(variable)}: ${plain(meaning)}\n`)
    .join("");
}

/** What the text above the list says of every command. */
const OF_EVERY_COMMAND = "the settings or the arguments have an error";

/** What each exit code of each command means. */
export function exitCodesList(): string {
  return Object.entries(EXIT_CODES)
    .map(([name, meanings]) => {
      const codes = Object.values(EXIT).flatMap((number) => {
        const meaning = meanings[number] ?? OF_EVERY_COMMAND;
        return meaning === OF_EVERY_COMMAND ? [] : [`**${number}** ${plain(meaning)}`];
      });
      return `- ${code(name)}: ${codes.join(". ")}.\n`;
    })
    .join("");
}
