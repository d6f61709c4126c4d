import { notesOf } from "../../src/settings/settings-notes";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { deploymentWith, KEY_ID } from "../helpers/settings-files";

const notes = (settings: string) => notesOf(deploymentWith(settings));

const IN_STATE =
  "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey";
const IN_OUTPUTS = `${IN_STATE}. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that`;
const ANY_ACCOUNT = "accountId is not set: Terraform applies to whatever account the credentials belong to";

describe("the notes about a deployment", () => {
  it("are one for each weaker default", () => {
    expect(notes("")).toEqual([IN_OUTPUTS, ANY_ACCOUNT]);
  });

  const ACCOUNT = 'accountId: "123456789012"\n';

  it.each([
    ["outputs: { secret: true }", []],
    ["policy: { supplement: true }", [IN_OUTPUTS]],
    ["attachment: group", [IN_OUTPUTS]],
    ["outputs: {}", [IN_OUTPUTS]],
  ])("do not repeat a decision that the settings state, or that is always the same: %j", (settings, expected) => {
    expect(notes(`${ACCOUNT}${settings}`)).toEqual(expected);
  });

  it("report a secret in the state that no output contains, for which outputs.secret decides nothing", () => {
    expect(notes(`${ACCOUNT}outputs: { secret: false }`)).toEqual([IN_STATE]);
    const accessKeys = `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Inactive } }`;
    expect(notes(`${ACCOUNT}${accessKeys}\noutputs: { secret: true }`)).toEqual([IN_STATE]);
  });

  it.each(["accessKeys: none", `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`])(
    "report no secret in the state with %s",
    (accessKeys) => {
      expect(notes(`${ACCOUNT}${accessKeys}`)).toEqual([]);
    },
  );

  it("report what an import requires of the applies", () => {
    expect(notes(`${ACCOUNT}outputs: { secret: true }\nimport: { user: true, accessKeyId: ${KEY_ID} }`)).toEqual([
      "import is set: remove it after the apply; while it is set, checkov cannot read the Terraform JSON",
    ]);
  });
});
