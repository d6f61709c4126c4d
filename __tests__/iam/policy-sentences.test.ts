import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
const onOneLine = (text: string) => text.replaceAll("**", "").replaceAll(/\s+/g, " ").trim();

/** What documents state about policies, and what shows it. The list has a page in full, or the sentences about policies of a page. */
const DOCUMENTS = read("__tests__/iam/policy-sentences.txt")
  .split("\n# ")
  .slice(1)
  .map((section) => {
    const [heading = "", ...lines] = section.trim().split("\n");
    const [document = "", inFull] = heading.split(", ");
    const entries = lines.map((line) => line.split(" => "));
    return { document, inFull, sentences: entries.map(([sentence = ""]) => sentence), shownBy: entries.map((entry) => entry[1]) };
  });

/** The sentences and rows of tables of a page; a term in bold in front of a sentence belongs to it. */
function sentencesOf(text: string): readonly string[] {
  const blocks = text.replaceAll(/^```[\s\S]*?^```$/gm, "").split(/\n{2,}/);
  const parts = blocks.flatMap((block) => (block.startsWith("|") ? block.split("\n").slice(2) : block.split(/\n(?=- |\d\. )/)));
  return parts
    .filter((part) => !/^(?:#|$)/.test(part))
    .flatMap((part) => onOneLine(part.replace(/^(?:- |\d\. )/, "").replace(".** ", ": ")).split(/(?<=\.) (?=[A-Z`])/));
}

it.each(DOCUMENTS)("$document states what the list of sentences about policies has", ({ document, inFull, sentences }) => {
  const text = read(document);
  const found = inFull === undefined ? sentences.filter((sentence) => onOneLine(text).includes(sentence)) : sentencesOf(text);
  expect(found).toEqual(sentences);
});

it.each([...new Set(DOCUMENTS.flatMap(({ shownBy }) => shownBy))])(
  "is shown, or is no fact about policies: %s",
  (shownBy = "") => {
    const [file = "", title = ""] = shownBy.split(": ");
    const path = `__tests__/${file}.test.ts`;
    const isTest = existsSync(join(PROJECT, path)) && title !== "" && read(path).includes(title);
    expect(isTest || /^https:\/\/\S+$/.test(shownBy) || ["instruction", "pointer", "status"].includes(shownBy)).toBe(true);
  },
);
