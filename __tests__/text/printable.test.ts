// cspell:ignore Größe
import { printable, visible, visibleLines } from "../../src/text/printable";

describe("a printed string", () => {
  it.each([
    ["a line feed", "a\nb", "a\\nb"],
    ["an escape sequence of a terminal", "\u001b[2J\u009b2J", "\\u001b[2J\\u009b2J"],
    ["bidirectional characters", "a\u202eb\u2066", "a\\u202eb\\u2066"],
    ["separators of lines and paragraphs", "a\u2028b\u2029", "a\\u2028b\\u2029"],
    ["letters without a glyph", "team\u3164\u200b\u{e0001}", "team\\u3164\\u200b\\udb40\\udc01"],
    ["half a surrogate pair", "\ud800", "\\ud800"],
    ["other alphabets and emoji unchanged", "Größe 大小 😀", "Größe 大小 😀"],
  ])("displays %s", (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("keeps the line feeds of several lines, and the meaning of JSON", () => {
    const value = { "a\u202e": ["\u009b", "\u{e0001}", "\n\\u0041"] };
    const json = visibleLines(JSON.stringify(value, null, 2));
    expect(json.split("\n")).toHaveLength(7);
    expect(json).not.toMatch(/[\u009b\u202e\u{e0001}]/u);
    expect(JSON.parse(json)).toEqual(value);
  });

  it("contains no workflow command of GitHub Actions", () => {
    expect(printable("a: b::c\n::add-mask::exit\n \t::error::X\n\r::x\na ##[warning]y\n")).toBe(
      "a: b::c\n\\u003a:add-mask::exit\n \\u0009::error::X\n\\u000d::x\na #\\u0023[warning]y\n",
    );
    expect(printable("  ::error::X")).toBe("  \\u003a:error::X");
  });
});
