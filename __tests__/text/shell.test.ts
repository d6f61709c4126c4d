import { execFileSync } from "node:child_process";
import { asciiJson, comment, quote, shellWord } from "../../src/text/shell";

/** What a POSIX shell prints. */
const sh = (script: string) => execFileSync("sh", ["-c", script], { encoding: "utf8" });

const NASTY = ["it's", "'", "$HOME `id` $(id)", "a\\", 'say "x"', "-n", "two\nlines", "ü", ""];

describe("a string in a shell script", () => {
  it.each(NASTY)("is one argument with the same characters: %j", (text) => {
    expect(sh(`printf '[%s]' ${quote(text)} --a=${shellWord(text)}`)).toBe(`[${text}][--a=${text}]`);
  });

  it("becomes JSON in ASCII", () => {
    expect(asciiJson({ Value: "ü\u{1f600}" })).toBe('{"Value":"\\u00fc\\ud83d\\ude00"}');
    expect(JSON.parse(asciiJson(NASTY))).toEqual(NASTY);
  });

  it("becomes a comment, line by line", () => {
    expect(comment("one", "", "two")).toBe("# one\n#\n# two");
  });
});
