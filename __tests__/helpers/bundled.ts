import { buildSync } from "esbuild";
import { PROJECT } from "./project-root";

/**
 * A program of TypeScript and the sources that it imports as one file of JavaScript, for tests that
 * require a process of their own.
 * @param program imports relative to the root of the project
 */
export function bundled(program: string): string {
  const stdin = { contents: program, loader: "ts", resolveDir: PROJECT } as const;
  const [file] = buildSync({
    stdin,
    bundle: true,
    platform: "node",
    target: "node20",
    write: false,
  }).outputFiles;
  return file?.text ?? "";
}
