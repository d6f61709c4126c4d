import { readdirSync } from "node:fs";
import { join } from "node:path";
import { projectForEach } from "../../../../__tests__/helpers/folder";
import { PROJECT, projectFile } from "../../../../__tests__/helpers/project-root";
import { runCli } from "../../../../__tests__/helpers/run-cli";

const MESSAGES = "__tests__/golden/messages";
const texts = readdirSync(join(PROJECT, MESSAGES)).map((file) => projectFile(join(MESSAGES, file)));

/** The commands that messages advise, as `keys --leaked`: words in capitals stand for values. */
const COMMANDS = new Set(
  texts.flatMap((text) =>
    [...text.matchAll(/npx dkp-access ([a-z-]+(?: --[a-z-]+(?: [A-Z]+)?)*)/g)].map(
      ([, words = ""]) => words,
    ),
  ),
);

describe("a command that a message advises", () => {
  const { at } = projectForEach();

  it.each([...COMMANDS].sort())(
    "is one of the program, with options that it has: %s",
    async (words) => {
      const { stderr } = await runCli(at(), words.split(" "));
      expect(stderr).not.toMatch(/unknown command|unknown option|argument missing/);
    },
  );
});
