import { printError } from "./print";

/** Runs a command. An error ends it with exit code 1 and is printed as its message; `DEBUG=1` adds where it came from. */
export function run(main: () => void | Promise<void>): void {
  try {
    main()?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  process.exitCode = 1;
  const { message, stack } = error as Error;
  printError(`${process.env.DEBUG === "1" ? stack : message}\n`);
}
