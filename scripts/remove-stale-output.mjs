// Removes compiled files whose source is gone, which tsc leaves behind: `npm pack` would pack them, and Jest would run them.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
for (const folder of ["src", "__tests__"].filter((name) => existsSync(join(root, "build", name)))) {
  for (const name of readdirSync(join(root, "build", folder), { recursive: true })) {
    const source = name.replace(/(\.d\.ts|\.js)$/, ".ts");
    if (source !== name && !existsSync(join(root, folder, source))) {
      rmSync(join(root, "build", folder, name));
    }
  }
}
