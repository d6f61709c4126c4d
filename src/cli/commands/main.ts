import { runProgram } from "./program";
import { run } from "./support/session";

// What bin/dkp-access runs, and the entry point of the packed program.
run((host) => runProgram(process.argv.slice(2), host));
