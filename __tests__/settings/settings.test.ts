import { editedYaml } from "../../src/cli/account/keys/edit-yaml";
import { secretForms } from "../../src/settings/deployment";
import { notesOf } from "../../src/settings/settings-notes";
import { deployment } from "../helpers/deployment";
import { deploymentWith } from "../helpers/settings-files";

it("knows that only the primary key is imported, and the secret of the secondary one is in plaintext", () => {
  const settings =
    "{ import: { user: true, accessKeyId: AKIAABCDEFGHIJKLMNOP }, accessKeys: { secondary: { status: Active } } }";
  expect(secretForms(deployment(settings))).toEqual({
    primary: "unknown to Terraform",
    secondary: "plaintext",
  });
});

const notes = (settings: string) => notesOf(deploymentWith(settings));

const IN_STATE =
  "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or let rotate create the keys";
const IN_OUTPUTS = `${IN_STATE}. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that`;

describe("the notes about a deployment", () => {
  const ACCOUNT = 'accountId: "123456789012"\n';

  it("report a secret in the outputs, else one in the state", () => {
    expect(notes(ACCOUNT)).toEqual([IN_OUTPUTS]);
    expect(notes(`${ACCOUNT}outputs: { secret: false }`)).toEqual([IN_STATE]);
  });

  it.each(["none", "{ managedBy: rotate }"])(
    "report no secret in the state with accessKeys: %s",
    (accessKeys) => {
      const cluster = "cluster: { prefix: dev }\n";
      expect(notes(`${ACCOUNT}${cluster}accessKeys: ${accessKeys}`)).toEqual([]);
    },
  );

  it("report what an import requires of the applies, and an account that is not set", () => {
    expect(notes(`accessKeys: none\nimport: { user: true }`)).toEqual([
      "import is set: after the apply remove it, except accessKeyId, which stays until its key is deleted; while import is set, checkov cannot read the Terraform JSON",
      "accountId is not set: Terraform applies to whatever account the credentials belong to",
    ]);
  });
});

describe("a changed setting", () => {
  it.each([
    ["an alias", "accessKeys: { primary: &key { status: A }, secondary: *key }\n"],
    ["an anchor of another one", "accessKeys: { secondary: &key { status: A }, primary: *key }\n"],
    ["a group without fields", "accessKeys:\n  secondary:\n    # later\n"],
  ])("is rejected where there is %s", (_, text) => {
    expect(() =>
      editedYaml(text, { setting: "accessKeys.secondary.status", value: "Active" }),
    ).toThrow(
      "accessKeys.secondary.status: has an alias, an anchor or a group without fields in the file; make the change yourself",
    );
  });
});
