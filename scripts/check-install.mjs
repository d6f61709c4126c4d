// Run before the npm scripts: without the packages, the shell would only say "tsc: not found".
import { existsSync } from "node:fs";

if (!existsSync(new URL("../node_modules", import.meta.url))) {
  process.stderr.write("node_modules: the packages are not installed; run npm ci first\n");
  process.exitCode = 1;
}
