import { execFileSync } from "node:child_process";
import { asciiJson, comment, hereDocument, quote } from "../../src/text/shell";

/** What a POSIX shell prints. */
const sh = (script: string) => execFileSync("sh", ["-c", script], { encoding: "utf8" });

const NASTY = ["it's", "'", "$HOME `id` $(id)", "a\\", 'say "x"', "-n", "two\nlines", "ü", ""];

describe("a string in a shell script", () => {
  it.each(NASTY)("is one argument with the same characters: %j", (text) => {
    expect(sh(`printf '[%s]' ${quote(text)}`)).toBe(`[${text}]`);
  });

  it("becomes JSON in ASCII", () => {
    expect(asciiJson({ Value: "ü\u{1f600}" })).toBe('{"Value":"\\u00fc\\ud83d\\ude00"}');
    expect(JSON.parse(asciiJson(NASTY))).toEqual(NASTY);
  });

  it("is unchanged in a here-document, in which the shell fills in only the variable", () => {
    const arn = (account: string) => ({ Resource: [`arn:aws:iam::${account}:role/x$y\`"\\z/n`, "*"] });
    const text = sh(`account=123456789012\ncat <<END\n${hereDocument(arn(" "), "account")}\nEND`);
    expect(JSON.parse(text)).toEqual(arn("123456789012"));
  });

  it("becomes a comment, line by line", () => {
    expect(comment("one", "", "two")).toBe("# one\n#\n# two");
  });
});
