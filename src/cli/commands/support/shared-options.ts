import { Option } from "commander";

/** `--timeout`: a number of seconds. @param what whose time is limited */
export function timeoutOption(what: string, seconds: number): Option {
  return new Option("--timeout <seconds>", what).default(seconds).argParser((text) => {
    const number = Number(text);
    if (!(number > 0 && number <= 3600)) {
      throw new Error(`--timeout: "${text}" is not a number of seconds up to 3600; write for example --timeout 120`);
    }
    return number;
  });
}

/** `--format`: the first one is the default. */
export function formatOption(...formats: readonly [string, ...string[]]): Option {
  return new Option("--format <format>", "format of the output").choices(formats).default(formats[0]);
}
