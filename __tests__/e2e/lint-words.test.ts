import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { folder } from "./support/project";

const VOCABULARY = join(PROJECT, "scripts/check-vocabulary.mjs");

const WORDS = ["danger", "papers", "thief", "behaviour", "spelingerror"];

const PHRASES = [
  "in clear",
  "made by hand",
  "permissions grow",
  "the page",
  "what must be allowed, and no more",
  "the exposed key",
];

describe("npm run lint:words", () => {
  function check(lines: readonly string[], ...program: string[]) {
    const root = folder({ "text.md": lines.map((line) => `${line}\n`).join("") });
    const args = [
      ...program,
      ...(program.length > 1 ? ["--root", root] : []),
      join(root, "text.md"),
    ];
    const { status, stdout } = spawnSync(process.execPath, args, {
      cwd: PROJECT,
      encoding: "utf8",
    });
    const found = new Map<number, string>();
    for (const [, line, message = ""] of stdout.matchAll(/:(\d+)(?::\d+)? - (.*)/g)) {
      found.set(Number(line), message);
    }
    return { status, found: lines.map((_, index) => found.get(index + 1)) };
  }

  const spelling = (lines: readonly string[]) =>
    check(
      lines,
      join(PROJECT, "node_modules/cspell/bin.mjs"),
      "--no-progress",
      "--no-summary",
      "--no-cache",
      "--config",
      join(PROJECT, "cspell.config.yaml"),
    );
  const vocabulary = (lines: readonly string[]) => check(lines, VOCABULARY);

  it("finds words that are not in the glossary, and misspelled words", () => {
    const { status, found } = spelling([
      ...WORDS,
      "Terraform imports the access key of the deployment.",
    ]);
    expect(status).toBe(1);
    expect(found).toEqual([
      ...WORDS.map((word) => expect.stringContaining(`(${word})`)),
      undefined,
    ]);
  });

  it("finds phrases that are not in the glossary, in identifiers too", () => {
    const allowed = [
      "Terraform imports the access key in place.",
      "The state machine of MachineDeployment does not change.",
      "a key was exposed publicly",
    ];
    const { status, found } = vocabulary([...PHRASES, "const madeByHand = true;", ...allowed]);
    expect(status).toBe(1);
    expect(found).toEqual(
      [...PHRASES, "", ...allowed].map((line) =>
        allowed.includes(line) ? undefined : expect.any(String),
      ),
    );
  });

  it("accepts a line that says why it contains a phrase", () => {
    const quotation = "ImageType is machine <!-- vocabulary-ignore: value of the EC2 API -->";
    expect(vocabulary([quotation])).toEqual({ status: 0, found: [undefined] });
  });
});
