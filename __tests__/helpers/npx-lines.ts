import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./project-root";

/** A command that starts with `npx`, as a reader would copy it. */
interface NpxLine {
  readonly file: string;
  readonly command: string;
}

/** What people read and copy from: documentation, templates, examples, review packs, messages of the program. */
const READ = ["README.md", "CONTRIBUTING.md", "docs", "examples", "templates", "scripts", "src", "review"];

/** Pages whose reader may be in any folder, where npx would download what is not installed. */
export const ANYWHERE = /^(README\.md|docs\/how-to\/(deploy|reuse)\.md|examples\/)/;

/** Every `npx` command in what people read: code of Markdown, and lines of other files except for comments. */
export function npxLines(): readonly NpxLine[] {
  const files = spawnSync("git", ["ls-files", "-z", ...READ], { cwd: PROJECT, encoding: "utf8" })
    .stdout.split("\0")
    .filter((file) => file !== "" && existsSync(join(PROJECT, file)));
  return files.flatMap((file) => {
    const text = readFileSync(join(PROJECT, file), "utf8");
    return (file.endsWith(".md") ? codeOf(text) : linesOf(text)).flatMap((code) =>
      [...code.matchAll(/\bnpx [^`"&|]+/g)].map(([command]) => ({ file, command: command.replace(/ +# .*/s, "").trim() })),
    );
  });
}

function codeOf(markdown: string): readonly string[] {
  const fences = /^ *```[^`\n]*\n([\s\S]*?)^ *```/gm;
  const spans = [...markdown.replaceAll(fences, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll("\n", " "));
  return [...[...markdown.matchAll(fences)].flatMap(([, code = ""]) => code.split("\n")), ...spans];
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => !/^\s*(#|\/\/|\*|\/\*\*)/.test(line));
}
