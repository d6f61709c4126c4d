import { chmodSync, lstatSync, statSync, symlinkSync } from "node:fs";
import { parse } from "yaml";
import { editedYaml, editSettings } from "../../../../src/cli/account/keys/edit-yaml";
import { nextStep } from "../../../../src/cli/account/keys/next-step";
import { defineDeployments } from "../../../../src/settings/load";
import type { SettingsInput } from "../../../../src/settings/settings";
import { folderForEach } from "../../../helpers/folder";
import {
  DEPLOYED,
  iamKey,
  MOVED,
  NEW,
  OLD,
  RETIRED,
  rotation,
} from "../../../helpers/keys/situations";
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
  it("makes each change of a rotation in three edits, and keeps every comment", () => {
    const stations = [
      DEPLOYED,
      rotation(MOVED, iamKey(OLD, 60, 1.1), iamKey(NEW, 2, 0.1)),
      rotation(RETIRED, iamKey(OLD, 60, 2, "Inactive"), iamKey(NEW, 3, 0.1)),
    ];
    let text = FILE;
    const written = stations.map((given) => {
      const before = text.split("\n");
      const next = nextStep(given);
      text = next.edits.reduce(editedYaml, text);
      expect(commentsIn(text)).toEqual(commentsIn(FILE));
      return [next.why, ...text.split("\n").filter((line) => !before.includes(line))];
    });
    expect(written).toEqual([
      ["done", "    status: Active", "  current: secondary"],
      ["retire", "  primary: { status: Inactive }"],
      ["delete", "  primary: { status: absent }"],
    ]);
    expect(slotsIn(text)).toEqual({ primary: "absent", secondary: "Active", current: "secondary" });
  });
});

describe("editedYaml", () => {
  it.each([
    [
      "a comment of the same indentation",
      "a:\n  b: c\n  # of a\n# of d\nd: e\n",
      "a:\n  b: c\n  f: g\n  # of a\n# of d\nd: e\n",
    ],
    ["a comment in the line of the last value", "a:\n  b: c # why\n", "a:\n  b: c # why\n  f: g\n"],
    [
      "a group within the group",
      "a:\n  b:\n    - c\n# end\n",
      "a:\n  b:\n    - c\n  f: g\n# end\n",
    ],
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

  it("refuses a step that is no change of the settings", () => {
    const waiting = rotation(MOVED, iamKey(OLD, 60, 0.5), iamKey(NEW, 1, 0.1));
    expect(() => editSettings(at("prod.yaml"), nextStep(waiting).edits)).toThrow(
      `${at("prod.yaml")}: nothing was written: the next step is not a change of the settings; follow it first`,
    );
  });

  it("writes nothing where the result would be invalid", () => {
    write({ "prod.yaml": FILE });
    expect(() => editSettings(at("prod.yaml"), [SET])).toThrow("accessKeys.current");
    expect(read("prod.yaml")).toBe(FILE);
  });

  it("completes a slot of the defaults in the file of the deployment", () => {
    write({ "defaults.yaml": MINIMAL, "prod.yaml": "user: { name: prod }\n" });
    editSettings(at("prod.yaml"), [{ setting: "accessKeys.secondary.status", value: "Active" }]);
    expect(read("prod.yaml")).toBe(
      "user: { name: prod }\naccessKeys: { secondary: { status: Active } }\n",
    );
  });
});
