import { code, joined, list, md, trusted } from "../../src/text/markdown";
import { fillTemplate } from "../../src/text/template";

describe("fillTemplate", () => {
  it("fills in a value within a line, and indents a value of several lines as its placeholder", () => {
    const data = { name: code("a`b"), items: list([trusted("one"), trusted("two")]) };
    expect(fillTemplate("The {{name}}:\n\n   {{items}}\n", data)).toBe("The `` a`b ``:\n\n   - one\n   - two\n");
  });

  it("shows a block only if its condition holds, and no double blank lines", () => {
    const template =
      "a\n\n<!-- if yes -->\n\nb\n\n<!-- unless no -->\nc\n<!-- end -->\n<!-- end -->\n<!-- if no -->\n\nd\n\n<!-- end -->\n\ne";
    expect(fillTemplate(template, { yes: true, no: false })).toBe("a\n\nb\n\nc\n\ne");
  });

  it("reads conditions of a shell script in its comments", () => {
    expect(fillTemplate("# <!-- if no -->\na\n# <!-- end -->\nb", { no: false })).toBe("b");
  });

  it("shows no block within a block that is not shown", () => {
    const template = "<!-- if no -->\n<!-- if yes -->\na\n<!-- end -->\n<!-- end -->\nb";
    expect(fillTemplate(template, { yes: true, no: false })).toBe("b");
  });

  it("numbers the shown items of each ordered list", () => {
    const template = "1. a\n<!-- if no -->\n1. b\n<!-- end -->\n1. c\n\n## Next\n\n1. d\n";
    expect(fillTemplate(template, { no: false })).toBe("1. a\n2. c\n\n## Next\n\n1. d\n");
  });

  it("omits the line of an empty value that is alone on its line", () => {
    expect(fillTemplate("- a\n{{rest}}\n", { rest: trusted("") })).toBe("- a\n");
  });

  it("escapes the separator of cells in a table, also within code", () => {
    expect(fillTemplate("| {{name}} |", { name: code("a|b") })).toBe("| `a\\|b` |");
  });

  it("interprets no placeholder, condition, number or replacement pattern in a value", () => {
    const value = trusted("{{other}} $& $1\n<!-- if other -->\n1. x\n\n\n1. y");
    expect(fillTemplate("{{value}}\n{{other}}", { value, other: trusted("o") })).toBe(`${value}\no`);
  });

  it.each([
    ["an unknown value", "{{missing}}", {}, "template: no string is named missing"],
    ["an unknown condition", "<!-- if missing -->\n<!-- end -->", {}, "template: no boolean is named missing"],
    ["a condition as a value", "{{yes}}", { yes: true }, "template: no string is named yes"],
    ["a value that nothing shows", "a", { name: trusted("n") }, "template: nothing shows name"],
    [
      "several lines within a line",
      "a {{name}}",
      { name: trusted("b\nc") },
      "template: name has several lines and is not alone on its line",
    ],
  ])("rejects %s", (_, template, data, message) => {
    expect(() => fillTemplate(template, data)).toThrow(message);
  });
});

describe("Markdown", () => {
  it("keeps escaped values when pieces are joined", () => {
    const pieces = [md`user ${code("a")}`, md`group ${code("b")}`];
    expect(md`${joined(pieces, " and ")}.`).toBe("user `a` and group `b`.");
  });
});
