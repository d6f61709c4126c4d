import { notesOf } from "../../src/settings/settings-notes";
import { deploymentWith } from "../helpers/settings-files";

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

  it.each(["none", "rotate"])("report no secret in the state with managedBy: %s", (managedBy) => {
    expect(notes(`${ACCOUNT}accessKeys: { managedBy: ${managedBy} }`)).toEqual([]);
  });

  it("report what an import requires of the applies, and an account that is not set", () => {
    expect(notes("accessKeys: { managedBy: none }\nimport: { user: true }")).toEqual([
      "import is set: remove it after the apply; while import is set, checkov cannot read the Terraform JSON",
      "accountId is not set: Terraform applies to whatever account the credentials belong to",
    ]);
  });
});
