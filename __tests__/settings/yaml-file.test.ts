import { deploymentOf, errorsOf, errorsWith, MINIMAL, messageOf } from "../helpers/settings-files";

const EMPTY = 'is empty; write at least "region" and "backend", the README shows a first file';

const NOT_A_TREE =
  "is nested too deeply, or has an alias without an anchor, one that holds itself, or aliases that grow too large; write the values out";

describe("a settings file without content", () => {
  it.each([
    ["nothing", ""],
    ["blank lines", "\n\n  \n"],
    ["comments only", "# yaml-language-server: $schema=./schema.json\n\n# region: eu-central-1\n"],
    ["a document marker only", "---\n"],
    ["a marker and a comment", "---\n# nothing yet\n"],
    ["null", "null\n"],
    ["empty documents only", "---\n---\n---\n"],
    ["a byte order mark", "\uFEFF"],
  ])("is said to be empty: %s", (_, text) => {
    expect(errorsOf(text)).toEqual([EMPTY]);
  });
});

describe("a settings file that is not YAML", () => {
  it.each([
    [
      "an open list",
      "user: { name: [ }\n",
      3,
      "Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["an open quote", 'user: { name: "dkp }\n', 4, 'Missing closing "quote'],
    ["two values", "user: a: b\n", 3, "Nested mappings are not allowed in compact mappings"],
    ["a single scalar", "word\nuser: {}\n", 3, "Implicit keys need to be on a single line"],
    ["an at sign", "user: @dkp\n", 3, "bad scalar start; quote the value if it is a string"],
    ["a tab", "user:\n\tname: dkp\n", 4, "Tabs are not allowed as indentation"],
    ["a key twice", "user: { name: a }\nuser: { name: b }\n", 4, "Map keys must be unique"],
    ["a key twice inside", "user:\n  name: a\n  name: b\n", 5, "Map keys must be unique"],
    ["a key that is not a string", "? [a]\n: b\n", 3, "With stringKeys, all keys must be strings"],
  ])("is reported with its line: %s", (_, extra, line, error) => {
    expect(errorsWith(extra)).toContain(`line ${line}: is not valid YAML: ${error}`);
  });

  it.each([
    ["an open list", "user: { name: [ }"],
    ["an open quote", 'user: "a'],
    ["two values", "user: a: b"],
    ["a single scalar", "word"],
    ["a tab", "user:\n\tname: a"],
    ["a key twice", "user: {}\nuser: {}"],
    ["an unknown tag", "user: !secret a"],
    ["an unknown alias", "user: *secret"],
  ])("gets a message that quotes no line beside the error: %s", (_, error) => {
    const text = `${MINIMAL}# password: hunter2\npassword: hunter2\n${error}\nuserPassword: hunter2\n`;
    const message = messageOf({ "dev.yaml": text });
    expect(message).toMatch(/YAML|alias without an anchor/);
    expect(message).not.toContain("hunter2");
  });

  it.each([
    "!hunter2",
    "!!hunter2",
    "!<hunter2>",
    "*hunter2",
    "|hunter2",
    ">hunter2",
    "@hunter2",
    '"a"hunter2',
    "%hunter2",
    "`hunter2",
  ])("gets a message that does not quote a password written without quotes: %s", (password) => {
    const message = messageOf({ "dev.yaml": `${MINIMAL}password: ${password}\n` });
    expect(message).toMatch(/YAML|alias without an anchor/);
    expect(message).not.toContain("hunter2");
  });

  it("is rejected where a tag is unknown", () => {
    expect(errorsWith("user: !secret { name: a }\n")).toEqual([
      "line 3: is not valid YAML: tag resolve failed; quote the value if it is a string",
    ]);
  });

  it("is rejected where an alias has no anchor", () => {
    expect(errorsWith("user: *nobody\n")).toEqual([NOT_A_TREE]);
  });
});

describe("a settings file with aliases that grow without end", () => {
  it("is rejected instead of filling the memory", () => {
    const level = (name: string, below: string) => `${name}: &${name} [${Array(10).fill(below).join(", ")}]\n`;
    const bomb = `${level("a", "x")}${level("b", "*a")}${level("c", "*b")}${level("d", "*c")}${level("e", "*d")}`;
    expect(errorsOf(bomb)).toEqual([NOT_A_TREE]);
  });

  it.each([
    ["a tag", "tags: &a { team: *a }\n"],
    ["an object", "user: &a { path: *a }\n"],
    ["a list", "tags: &a [*a]\n"],
    ["an unknown setting", "x: &a [*a]\n"],
  ])("is rejected where an alias holds itself: %s", (_, extra) => {
    expect(errorsWith(extra)).toEqual([NOT_A_TREE]);
  });
});

describe("a settings file with several documents", () => {
  it.each([
    ["two deployments", `${MINIMAL}---\n${MINIMAL}`, 2],
    ["three with an empty one between", `${MINIMAL}---\n---\n${MINIMAL}`, 2],
  ])("is rejected: %s", (_, text, count) => {
    expect(errorsOf(text)).toEqual([`holds ${count} YAML documents; write one deployment per file`]);
  });

  it.each([
    ["behind", `${MINIMAL}---\n# nothing yet\n`],
    ["before", `---\n---\n${MINIMAL}`],
    ["as an end marker", `${MINIMAL}...\n`],
  ])("is taken where the others are empty: %s", (_, text) => {
    expect(deploymentOf(text)).toEqual(deploymentOf(MINIMAL));
  });

  it("shows none of them", () => {
    expect(messageOf({ "dev.yaml": "password: hunter2\n---\npassword: hunter2\n" })).not.toContain("hunter2");
  });
});
