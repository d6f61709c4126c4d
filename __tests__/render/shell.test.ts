import { execFileSync } from "node:child_process";
import { asciiJson, comment, hereDocument, quote } from "../../src/render/shell";

/** What a POSIX shell prints. */
const sh = (script: string) => execFileSync("sh", ["-c", script], { encoding: "utf8" });

const NASTY = ["it's", "'", "$HOME `id` $(id)", "a\\", 'say "x"', "-n", "two\nlines", "ü", ""];

describe("strings in a shell script", () => {
  it.each(NASTY)("keep their value as one argument: %j", (text) => {
    expect(sh(`printf '[%s]' ${quote(text)}`)).toBe(`[${text}]`);
  });

  it("become JSON in ASCII only", () => {
    expect(asciiJson({ Value: "ü\u{1f600}" })).toBe('{"Value":"\\u00fc\\ud83d\\ude00"}');
    expect(JSON.parse(asciiJson(NASTY))).toEqual(NASTY);
  });

  it("keep their value in a here-document, where only the variable is expanded", () => {
    const arn = (account: string) => ({ Resource: [`arn:aws:iam::${account}:role/x$y\`"\\z/n`, "*"] });
    const text = sh(`account=123456789012\ncat <<END\n${hereDocument(arn(" "), "account")}\nEND`);
    expect(JSON.parse(text)).toEqual(arn("123456789012"));
  });

  it("are written as comments line by line", () => {
    expect(comment("one", "", "two")).toBe("# one\n#\n# two");
  });
});
