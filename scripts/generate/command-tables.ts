import type { Argument, Command, Help } from "commander";
import { EXIT, EXIT_CODES } from "../../src/cli/commands/exit-codes";
import { COMMANDS, fullProgram } from "../../src/cli/commands/program";
import { ENVIRONMENT_VARIABLES, type EnvironmentVariable } from "../../src/cli/commands/support/environment-variables";
import { Session } from "../../src/cli/commands/support/session";
import { code, codes, type Markdown, plain, tableLines } from "../../src/text/markdown";

const program = () => fullProgram(new Session(process));

/** Usage, description, arguments and options of each command, as commander knows them. */
export function commandSections(): string {
  return program()
    .commands.map((command) => `\n${commandSection(command, command.createHelp())}\n`)
    .join("");
}

function commandSection(command: Command, help: Help): string {
  const rows = [...help.visibleArguments(command).map((one) => argumentRow(one, help)), ...optionRows(command, help)];
  return [
    `## ${command.name()}`,
    "",
    code(help.commandUsage(command)),
    "",
    descriptionText(help.commandDescription(command)),
    ...(rows.length === 0 ? [] : ["", ...tableLines(["argument or option", "meaning"], rows)]),
  ].join("\n");
}

function argumentRow(argument: Argument, help: Help): readonly Markdown[] {
  return [code(`[${argument.name()}${argument.variadic ? "..." : ""}]`), plain(help.argumentDescription(argument))];
}

/** The options besides `--help`, which every command has. */
function optionRows(command: Command, help: Help): readonly (readonly Markdown[])[] {
  return help
    .visibleOptions(command)
    .filter(({ long }) => long !== "--help")
    .map((option) => [code(help.optionTerm(option)), plain(help.optionDescription(option))]);
}

/** A description in Markdown. Its indented lines are terms and their meanings. */
function descriptionText(description: string): string {
  return plain(description).replaceAll(/^ {2}(\S+) +/gm, "- `$1`: ");
}

/** The options of the program itself. */
export function globalOptionsTable(): string {
  const command = program();
  return `${tableLines(["option", "meaning"], optionRows(command, command.createHelp())).join("\n")}\n`;
}

/** The environment variables, each with the commands that read it. */
export function environmentTable(): string {
  const readers = (variable: EnvironmentVariable) =>
    Object.entries(COMMANDS)
      .filter(([, { environment }]) => environment.includes(variable))
      .map(([name]) => name);
  const rows = Object.entries(ENVIRONMENT_VARIABLES).map(([variable, meaning]) => [
    code(variable),
    plain(meaning),
    codes(readers(variable as EnvironmentVariable)),
  ]);
  return `${tableLines(["variable", "meaning", "commands"], rows).join("\n")}\n`;
}

/** What each exit code of each command means. */
export function exitCodesTable(): string {
  const numbers = Object.values(EXIT);
  const rows = Object.entries(EXIT_CODES).map(([name, meanings]) => [
    code(name),
    ...numbers.map((number) => plain(meanings[number] ?? "")),
  ]);
  return `${tableLines(["command", ...numbers.map(String)], rows).join("\n")}\n`;
}
