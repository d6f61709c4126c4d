import { deploymentWith, errorsWith } from "../../helpers/settings-files";

const tagList = (count: number) => `tags: { ${Array.from({ length: count }, (_, index) => `key${index}: v`).join(", ")} }\n`;

describe("tags", () => {
  it("accept letters of any alphabet, digits, spaces and punctuation, and empty values", () => {
    const tags = { "Kostenstelle für K8s": "a_b.c:d/e=f+g-h@i", команда: "платформа", "a aws:": "", "2024": "2024" };
    expect(deploymentWith(`tags: ${JSON.stringify(tags)}\n`).tags).toEqual(tags);
  });

  it("accept names that JavaScript objects have of themselves", () => {
    const tags = { toString: "a", valueOf: "b", hasOwnProperty: "c" };
    expect(deploymentWith(`tags: ${JSON.stringify(tags)}\n`).tags).toEqual(tags);
  });

  it("may be 50", () => {
    expect(Object.keys(deploymentWith(tagList(50)).tags ?? {})).toHaveLength(50);
  });

  it("may not be 51", () => {
    expect(errorsWith(tagList(51))).toEqual(["line 3, tags: has 51 tags, IAM allows 50; remove 1"]);
  });

  it("may have a key of 128 characters and a value of 256", () => {
    expect(deploymentWith(`tags: { ${"k".repeat(128)}: ${"v".repeat(256)} }\n`).tags).toEqual({
      ["k".repeat(128)]: "v".repeat(256),
    });
  });

  it.each(["aws:team", "AWS:team", "Aws:x"])('reject the key "%s"', (key) => {
    expect(errorsWith(`tags: { "${key}": a }\n`)).toEqual([
      `line 3, tags.${key}: begins with "aws:", which AWS keeps for itself; choose another key`,
    ]);
  });

  it("reject keys that differ only in case", () => {
    expect(errorsWith("tags:\n  Team: a\n  owner: b\n  team: c\n")).toEqual([
      "line 3, tags: has keys that differ only in case, which IAM ignores in tag keys; keep one of them",
    ]);
  });

  it.each(["a,b", "k".repeat(129), "a#b", "", "tab\\t"])('reject the key "%s"', (key) => {
    expect(errorsWith(`tags: { "${key}": a }\n`)).toEqual([
      expect.stringMatching(/^line 3, tags\..*: is not a tag key: 1 to 128 letters, digits, spaces and _ \. : \/ = \+ - @$/),
    ]);
  });

  it.each([
    ["5", "5"],
    ["true", "true"],
    ["1.50", "1.5"],
    ["[a]", "a list"],
    ["{ a: b }", "an object"],
  ])("reject the value %s, which is not a string", (value, shown) => {
    expect(errorsWith(`tags: { team: ${value} }\n`)).toEqual([
      `line 3, tags.team: ${shown} is not a string; write one value in quotes`,
    ]);
  });

  it.each(["a,b", "100%", "line\\n"])('reject the value "%s"', (value) => {
    expect(errorsWith(`tags: { team: "${value}" }\n`)).toEqual([
      `line 3, tags.team: "${value}" is not a tag value: at most 256 letters, digits, spaces and _ . : / = + - @`,
    ]);
  });

  it("reject a value of 257 characters", () => {
    expect(errorsWith(`tags: { team: ${"v".repeat(257)} }\n`)).toEqual([
      `line 3, tags.team: "${"v".repeat(79)}... (257 characters) is not a tag value: at most 256 letters, digits, spaces and _ . : / = + - @`,
    ]);
  });

  it("report the errors of all of them at once", () => {
    expect(errorsWith('tags:\n  "aws:a": x\n  b: 5\n  c: "a,b"\n')).toEqual([
      'line 4, tags.aws:a: begins with "aws:", which AWS keeps for itself; choose another key',
      "line 5, tags.b: 5 is not a string; write one value in quotes",
      'line 6, tags.c: "a,b" is not a tag value: at most 256 letters, digits, spaces and _ . : / = + - @',
    ]);
  });
});

describe("names that would get lost on the way to Terraform", () => {
  it.each(["__proto__", "constructor", "prototype"])("are rejected as a tag's key: %s", (key) => {
    expect(errorsWith(`tags: { ${key}: x }\n`)).toEqual([
      `line 3, tags.${key}: is a name that can't be used here; choose another`,
    ]);
  });

  it.each(["__proto__", "constructor"])("are rejected as a setting: %s", (key) => {
    expect(errorsWith(`${key}: { user: { name: x } }\n`)).toEqual([
      `line 3, ${key}: is a name that can't be used here; choose another`,
    ]);
  });

  it("are taken as a value", () => {
    expect(deploymentWith("tags: { team: constructor }\n").tags).toEqual({ team: "constructor" });
  });
});
