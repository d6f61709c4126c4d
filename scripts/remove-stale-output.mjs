// Removes compiled files of build/src whose source is gone, which tsc leaves behind: `npm pack` would pack them.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
for (const name of readdirSync(join(root, "build/src"), { recursive: true })) {
  const source = name.replace(/(\.d\.ts|\.js)$/, ".ts");
  if (source !== name && !existsSync(join(root, "src", source))) {
    rmSync(join(root, "build/src", name));
  }
}
