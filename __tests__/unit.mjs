// Runs the unit tests: all of them in groups, or the named ones, each file by itself.
import { run } from "jest";

const args = process.argv.slice(2);
const named = args.some((arg) => !arg.startsWith("-"));
await run(["--selectProjects", named ? "unit" : "groups", "--config", "jest.config.mjs", ...args]);
