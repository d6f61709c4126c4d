import { type Change, editedYaml } from "../../src/settings/edit-yaml";

const KEY = "A".repeat(200);

const FILE = `# Access of the cluster prod.
region: eu-central-1   # Frankfurt

accessKeys:            # rotated every quarter
    # Alice has the private key
    primary: {pgpKey: ${KEY}, status: "Active"}

    secondary:         # for the next rotation
        status: absent # until then
tags:
- team: platform       # owner
`;

describe("a changed setting", () => {
  it.each<[string, Change, string[], string[]]>([
    [
      "replaces a value beside its comment",
      { setting: "accessKeys.secondary.status", value: "Active" },
      ["        status: absent # until then"],
      ["        status: Active # until then"],
    ],
    ["is added to its group", { setting: "accessKeys.current", value: "secondary" }, [], ["    current: secondary"]],
    [
      "is added to a group in braces",
      { setting: "accessKeys.primary.status", value: "Inactive" },
      [`    primary: {pgpKey: ${KEY}, status: "Active"}`],
      [`    primary: {pgpKey: ${KEY}, status: "Inactive"}`],
    ],
    ["brings its group", { setting: "import.user", value: true }, [], ["import: { user: true }"]],
    [
      "is removed",
      { setting: "accessKeys.primary.pgpKey", value: undefined },
      [`    primary: {pgpKey: ${KEY}, status: "Active"}`],
      ['    primary: { status: "Active"}'],
    ],
    [
      "is removed with the group that has no other",
      { setting: "accessKeys.secondary.status", value: undefined },
      ["    secondary:         # for the next rotation", "        status: absent # until then"],
      [],
    ],
  ])("%s, and no other line changes", (_, change, removed, added) => {
    const edited = editedYaml(FILE, change);
    const [before, after] = [FILE, edited].map((text) => text.split("\n"));
    expect(before?.filter((line) => !after?.includes(line))).toEqual(removed);
    expect(after?.filter((line) => !before?.includes(line))).toEqual(added);
  });

  it.each([
    ["an alias", "accessKeys: { primary: &key { pgpKey: A }, secondary: *key }\n"],
    ["an anchor of another one", "accessKeys: { secondary: &key { pgpKey: A }, primary: *key }\n"],
    ["a group without fields", "accessKeys:\n  secondary:\n    # later\n"],
  ])("is rejected where there is %s", (_, text) => {
    expect(() => editedYaml(text, { setting: "accessKeys.secondary.status", value: "Active" })).toThrow(
      "accessKeys.secondary.status: has an alias, an anchor or a group without fields in the file; make the change yourself",
    );
  });
});
