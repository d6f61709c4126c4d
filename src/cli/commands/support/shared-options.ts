import { type Command, Option } from "commander";

/** `--format`: the first one is the default. */
export function formatOption(...formats: readonly [string, ...string[]]): Option {
  return new Option("--format <format>", "format of the output").choices(formats).default(formats[0]);
}

/** Options of earlier versions, each with what replaces it: an error of one line that names the replacement. */
export function replacedOptions(command: Command, replacements: Readonly<Record<string, string>>): void {
  for (const [name, replacement] of Object.entries(replacements)) {
    command.addOption(new Option(`--${name} [value]`).hideHelp());
    command.on(`option:${name}`, () => command.error(`${command.name()} --${name}: ${replacement}`));
  }
}

/** The replacement of `--json`. */
export const JSON_REPLACED = { json: "replaced by --format json" };
