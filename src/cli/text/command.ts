/** The command-line program of this package, as a person runs it in a project. */
export const PROGRAM = "npx dkp-access";

/**
 * A command of the program, for messages that advise one: `npx dkp-access keys dev`.
 * @param args subcommand, stacks and options, as they are typed
 */
export function dkpAccess(...args: readonly string[]): string {
  return [PROGRAM, ...args].join(" ");
}
