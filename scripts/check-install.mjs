// Run before the npm scripts: without the packages, the shell would only say "tsc: not found".
import { createRequire } from "node:module";

try {
  createRequire(import.meta.url).resolve("typescript/package.json");
} catch {
  process.stderr.write("node_modules: the packages are not installed; run npm ci first\n");
  process.exitCode = 1;
}
