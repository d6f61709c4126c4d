import { buildSync } from "esbuild";
import { PROJECT } from "./project-root";

/**
 * Bundles a program of TypeScript with the sources that it imports, for tests that require a
 * process of their own.
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
