import { chmodSync, lstatSync, statSync, symlinkSync } from "node:fs";
import { parse } from "yaml";
import { editedYaml, editSettings } from "../../../../src/cli/account/keys/edit-yaml";
import { changesOf, nextStep } from "../../../../src/cli/account/keys/next-step";
import { defineDeployments } from "../../../../src/settings/load";
import type { SettingsInput } from "../../../../src/settings/schema/deployment-schema";
import { folderForEach } from "../../../helpers/folder";
import {
  DEPLOYED,
  iamKey,
  MOVED,
  NEW,
  OLD,
  PRIMARY,
  RETIRED,
  rotation,
  SECONDARY,
  situation,
} from "../../../helpers/keys/situations";
import { ENCRYPTION_KEY } from "../../../helpers/pgp-keys";
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
      text = changesOf("prod", next).reduce(editedYaml, text);
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

  it("encrypts the second key as the first one is, and imports no key again", () => {
    const key = {
      ...PRIMARY,
      secret: undefined,
      encryptedSecret: "secret",
      pgpKey: ENCRYPTION_KEY,
    };
    const encrypted = situation(
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`,
      [key],
      [iamKey(OLD, 9, 0.1)],
    );
    expect(nextStep(encrypted).edits).toContainEqual({
      setting: "accessKeys.secondary.pgpKey",
      value: ENCRYPTION_KEY,
    });
    const moved =
      "accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }";
    const imported = situation(
      `${moved}\nimport: { user: true, accessKeyId: ${OLD} }`,
      [SECONDARY],
      [iamKey(NEW, 9, 0.1)],
    );
    expect(nextStep(imported).edits).toContainEqual({
      setting: "import.accessKeyId",
      value: undefined,
    });
  });

  it("refuses a step that is no change of the settings", () => {
    const waiting = rotation(MOVED, iamKey(OLD, 60, 0.5), iamKey(NEW, 1, 0.1));
    expect(() => changesOf("prod", nextStep(waiting))).toThrow(
      "prod: nothing was written: the next step (wait) is not a change of the settings; follow it, then npx dkp-access keys prod --write",
    );
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

describe("editedYaml, which removes a setting,", () => {
  it.each([
    ["removes the comment above it", "a:\n  # because\n  f: g\n  b: c\n", "a:\n  b: c\n"],
    [
      "keeps the comment of the next one",
      "a:\n  f: g # why\n  # of b\n  b: c\n",
      "a:\n  # of b\n  b: c\n",
    ],
    [
      "removes all lines of a block",
      "a:\n  b: c\n  f: |\n    g\n    h\nd: e\n",
      "a:\n  b: c\nd: e\n",
    ],
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
    expect(read("prod.yaml")).toBe(
      "user: { name: prod }\naccessKeys: { secondary: { status: Active } }\n",
    );
  });

  it("names the defaults where a setting to remove is there, and writes nothing", () => {
    write({
      "defaults.yaml": `${MINIMAL}import: { user: true }\n`,
      "prod.yaml": "user: { name: prod }\n",
    });
    expect(() =>
      editSettings(at("prod.yaml"), [{ setting: "import.user", value: undefined }]),
    ).toThrow(
      `import.user: is in ${at("defaults.yaml")}, for all deployments; write it into the files that need it, and remove it there`,
    );
    expect(read("prod.yaml")).toBe("user: { name: prod }\n");
  });
});
