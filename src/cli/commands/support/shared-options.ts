import { Option } from "commander";

/** `--format`: the first one is the default. */
export function formatOption(...formats: readonly [string, ...string[]]): Option {
  return new Option("--format <format>", "format of the output").choices(formats).default(formats[0]);
}
