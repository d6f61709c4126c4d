import { editedYaml } from "../../src/cli/account/keys/edit-yaml";
import { secretForms } from "../../src/settings/deployment";
import { notesOf } from "../../src/settings/settings-notes";
import { deployment } from "../helpers/deployment";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { deploymentWith } from "../helpers/settings-files";

it("knows that only the primary key is imported, and the secret of the secondary one is in plaintext", () => {
  const settings =
    "{ import: { user: true, accessKeyId: AKIAABCDEFGHIJKLMNOP }, accessKeys: { secondary: { status: Active } } }";
  expect(secretForms(deployment(settings))).toEqual({
    primary: "unknown to Terraform",
    secondary: "plaintext",
  });
});

it("a settings file may break a pgpKey into lines, as base64 does", () => {
  const lines = ENCRYPTION_KEY.replaceAll(/(.{76})/g, "$1\n      ");
  expect(
    deploymentWith(`accessKeys:\n  primary:\n    pgpKey: |\n      ${lines}\n`).accessKeys,
  ).toMatchObject({
    primary: { pgpKey: ENCRYPTION_KEY },
  });
});

const notes = (settings: string) => notesOf(deploymentWith(settings));

const IN_STATE =
  "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey";
const IN_OUTPUTS = `${IN_STATE}. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that`;

describe("the notes about a deployment", () => {
  const ACCOUNT = 'accountId: "123456789012"\n';

  it("report a secret in the outputs, else one in the state", () => {
    expect(notes(ACCOUNT)).toEqual([IN_OUTPUTS]);
    expect(notes(`${ACCOUNT}outputs: { secret: false }`)).toEqual([IN_STATE]);
    const accessKeys = `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Inactive } }`;
    expect(notes(`${ACCOUNT}${accessKeys}`)).toEqual([IN_STATE]);
  });

  it.each(["accessKeys: none", `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`])(
    "report no secret in the state with %s",
    (accessKeys) => {
      expect(notes(`${ACCOUNT}${accessKeys}`)).toEqual([]);
    },
  );

  it("report what an import requires of the applies, and an account that is not set", () => {
    expect(notes(`accessKeys: none\nimport: { user: true }`)).toEqual([
      "import is set: after the apply remove it, except accessKeyId, which stays until its key is deleted; while import is set, checkov cannot read the Terraform JSON",
      "accountId is not set: Terraform applies to whatever account the credentials belong to",
    ]);
  });
});

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
  it.each([
    [
      "is replaced next to its comment",
      { setting: "accessKeys.secondary.status", value: "Active" },
      ["        status: absent # until then"],
      ["        status: Active # until then"],
    ],
    [
      "is replaced in a group in braces",
      { setting: "accessKeys.primary.status", value: "Inactive" },
      [`    primary: {pgpKey: ${KEY}, status: "Active"}`],
      [`    primary: {pgpKey: ${KEY}, status: "Inactive"}`],
    ],
    ["brings its group", { setting: "import.user", value: true }, [], ["import: { user: true }"]],
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
    expect(() =>
      editedYaml(text, { setting: "accessKeys.secondary.status", value: "Active" }),
    ).toThrow(
      "accessKeys.secondary.status: has an alias, an anchor or a group without fields in the file; make the change yourself",
    );
  });
});
