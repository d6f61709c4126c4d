import { chmodSync, lstatSync, statSync, symlinkSync } from "node:fs";
import { parse } from "yaml";
import { editedYaml, editSettings } from "../../../../src/cli/account/keys/edit-yaml";
import { changesOf, nextStep, type Step, step } from "../../../../src/cli/account/keys/next-step";
import { defineDeployments } from "../../../../src/settings/load";
import type { SettingsInput } from "../../../../src/settings/schema/deployment-schema";
import { folderForEach } from "../../../helpers/folder";
import { situationOf } from "../../../helpers/keys/program";
import { STARTS } from "../../../helpers/keys/starts";
import { followed } from "../../../helpers/keys/walk";
import { DAY, HOUR, keyIn, keysOf, pass, type World, works } from "../../../helpers/keys/world";
import { MINIMAL } from "../../../helpers/settings-files";

const FILE = `# The cluster prod.
region: eu-central-1 # Frankfurt
backend: { local: {} } # for this test

# Rotated every quarter:
# see the runbook.
accessKeys:
  secondary:   # the next one
    status: absent
`;

const SET = { setting: "accessKeys.current", value: "secondary" };

/** The slots in the text of settings, which are valid. */
function slotsIn(text: string) {
  const { accessKeys } = defineDeployments({ prod: parse(text) as SettingsInput }).prod ?? {};
  if (accessKeys === undefined || accessKeys === "none") {
    throw new Error("the settings have no access keys");
  }
  const { primary, secondary, current } = accessKeys;
  return { primary: primary.status, secondary: secondary.status, current };
}

const commentsIn = (text: string) => [...text.matchAll(/#.*/g)].map(([comment]) => comment);

describe("keys --write", () => {
  it("makes each change of a whole rotation in the file, keeps every comment, and leads back to one key", () => {
    let world: World = STARTS.deployed;
    const old = world.dkp;
    const written: (readonly string[])[] = [];
    let text = FILE;
    let next = nextStep(situationOf(world));
    do {
      if (next.edits.length > 0) {
        const before = text.split("\n");
        text = changesOf("prod", next).reduce(editedYaml, text);
        written.push([next.why, ...text.split("\n").filter((line) => !before.includes(line))]);
        expect(commentsIn(text)).toEqual(commentsIn(FILE));
      }
      world = followed(world);
      expect(world.settings).toMatchObject(slotsIn(text));
      pass(world, DAY + HOUR);
      next = nextStep(situationOf(world));
    } while (next.why !== "done");
    expect(written).toEqual([
      ["done", "    status: Active"],
      ["rotate-expose", "  current: secondary"],
      ["rotate-retire", "  primary: { status: Inactive }"],
      ["rotate-delete", "  primary: { status: absent }"],
    ]);
    expect(keysOf(world)).toHaveLength(1);
    expect(keyIn(world, old)).toBeUndefined();
    expect(works(world)).toBe(true);
  });

  it.each<[string, Partial<Step>]>([
    ["has no change", { edits: [] }],
    ["depends on what only a person knows", { instead: [{ if: "DKP has AKIAPRIMARY", do: { do: "apply" } }] }],
  ])("refuses a step that %s", (_, parts) => {
    expect(() => changesOf("prod", step("create", { edits: [SET], ...parts }))).toThrow(
      "prod: nothing was written: the next step is not a change of the settings alone; follow it, then npx dkp-access keys prod --write",
    );
  });
});

describe("editedYaml", () => {
  it.each([
    ["a comment of the same indentation", "a:\n  b: c\n  # of a\n# of d\nd: e\n", "a:\n  b: c\n  f: g\n  # of a\n# of d\nd: e\n"],
    ["a comment in the line of the last value", "a:\n  b: c # why\n", "a:\n  b: c # why\n  f: g\n"],
    ["a group within the group", "a:\n  b:\n    - c\n# end\n", "a:\n  b:\n    - c\n  f: g\n# end\n"],
    ["no line end", "a:\n  b: c", "a:\n  b: c\n  f: g\n"],
    ["line ends of Windows", "a:\r\n  b: c\r\nd: e\r\n", "a:\r\n  b: c\r\n  f: g\r\nd: e\r\n"],
    ["a flow map with a comma at its end", "a: {\n  b: c,\n}\n", "a: {\n  b: c, f: g,\n}\n"],
    ["a flow map with a comment", "a: {\n  b: c # why\n}\n", "a: {\n  b: c, f: g # why\n}\n"],
    ["a flow map within a flow map", "a: { b: { c: d } }\n", "a: { b: { c: d }, f: g }\n"],
    ["an empty flow map", "a: {}\n", "a: { f: g }\n"],
    ["a byte order mark", "\uFEFFa:\n  b: c\n", "\uFEFFa:\n  b: c\n  f: g\n"],
    ["another value in a block", "a:\n  f: |\n    b\nd: e\n", "a:\n  f: g\nd: e\n"],
    ["another value in quotes", 'a: { f: "b" } # why\n', 'a: { f: "g" } # why\n'],
  ])("adds a setting to a group with %s", (_, before, after) => {
    expect(editedYaml(before, { setting: "a.f", value: "g" })).toBe(after);
  });
});

describe("editedYaml, which removes a setting,", () => {
  it.each([
    ["removes the comment above it", "a:\n  # because\n  f: g\n  b: c\n", "a:\n  b: c\n"],
    ["keeps the comment of the next one", "a:\n  f: g # why\n  # of b\n  b: c\n", "a:\n  # of b\n  b: c\n"],
    ["removes all lines of a block", "a:\n  b: c\n  f: |\n    g\n    h\nd: e\n", "a:\n  b: c\nd: e\n"],
    ["removes the group that it leaves empty", "d: e\na:\n  f: g", "d: e\n"],
    ["removes the first one in brackets", "a: { f: g, b: c }\n", "a: { b: c }\n"],
    ["removes the last one in brackets", "a: { b: c, f: { g: h } }\n", "a: { b: c }\n"],
    ["keeps a byte order mark", "\uFEFFa:\n  b: c\n  f: g\n", "\uFEFFa:\n  b: c\n"],
  ])("%s", (_, before, after) => {
    expect(editedYaml(before, { setting: "a.f", value: undefined })).toBe(after);
  });
});

describe("editSettings", () => {
  const { at, read, write } = folderForEach();

  it("writes through a symbolic link, and keeps the mode of the file", () => {
    write({ "shared.yaml": FILE.replace("absent", "Active") });
    chmodSync(at("shared.yaml"), 0o660);
    symlinkSync("shared.yaml", at("prod.yaml"));
    editSettings(at("prod.yaml"), [SET]);
    expect(lstatSync(at("prod.yaml")).isSymbolicLink()).toBe(true);
    expect(read("shared.yaml")).toContain("  current: secondary\n");
    expect(statSync(at("shared.yaml")).mode & 0o777).toBe(0o660);
  });

  it("writes nothing where the result would be invalid", () => {
    write({ "prod.yaml": FILE });
    expect(() => editSettings(at("prod.yaml"), [SET])).toThrow("accessKeys.current");
    expect(read("prod.yaml")).toBe(FILE);
  });

  it("completes a slot of the defaults in the file of the deployment", () => {
    write({ "defaults.yaml": MINIMAL, "prod.yaml": "user: { name: prod }\n" });
    editSettings(at("prod.yaml"), [{ setting: "accessKeys.secondary.status", value: "Active" }]);
    expect(read("prod.yaml")).toBe("user: { name: prod }\naccessKeys: { secondary: { status: Active } }\n");
  });

  it("names the defaults where a setting to remove is there, and writes nothing", () => {
    write({ "defaults.yaml": `${MINIMAL}import: { user: true }\n`, "prod.yaml": "user: { name: prod }\n" });
    expect(() => editSettings(at("prod.yaml"), [{ setting: "import.user", value: undefined }])).toThrow(
      `import.user: is in ${at("defaults.yaml")}, for all deployments; write it into the files that need it, and remove it there`,
    );
    expect(read("prod.yaml")).toBe("user: { name: prod }\n");
  });
});
