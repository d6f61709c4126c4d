import { notesOf } from "../../src/settings/settings-notes";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { deploymentWith, KEY_ID } from "../helpers/settings-files";

const notes = (settings: string) => notesOf(deploymentWith(settings));

const IN_STATE =
  "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey";
const IN_OUTPUTS = `${IN_STATE}. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that`;
const ADDITIONAL = expect.stringMatching(/^policy\.supplement adds actions that DKP calls and its documentation omits: ec2:/);

describe("the notes about a deployment", () => {
  it("are one for each weaker default", () => {
    expect(notes("")).toEqual([IN_OUTPUTS, ADDITIONAL]);
  });

  it.each([
    ["outputs: { secret: true }", [ADDITIONAL]],
    ["policy: { supplement: true }", [IN_OUTPUTS]],
    ["policy: { supplement: false }", [IN_OUTPUTS]],
    ["outputs: { secret: true }\npolicy: { supplement: true }", []],
    ["outputs: { secret: true }\npolicy: { supplement: true }\nprotect: false", []],
  ])("do not repeat a decision that the settings state: %j", (settings, expected) => {
    expect(notes(settings)).toEqual(expected);
  });

  it("include a default beside a stated field of the same setting", () => {
    expect(notes("outputs: {}\npolicy: { mode: documented }")).toEqual([IN_OUTPUTS, ADDITIONAL]);
  });

  it("report a secret in the state that no output contains, for which outputs.secret decides nothing", () => {
    expect(notes("outputs: { secret: false }\npolicy: { supplement: true }")).toEqual([IN_STATE]);
    const accessKeys = `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Inactive } }`;
    expect(notes(`${accessKeys}\noutputs: { secret: true }\npolicy: { supplement: true }`)).toEqual([IN_STATE]);
  });

  it.each(["accessKeys: none", `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`])(
    "report no secret in the state with %s",
    (accessKeys) => {
      expect(notes(`${accessKeys}\npolicy: { supplement: true }`)).toEqual([]);
    },
  );

  it("report what import and attachment require of the applies", () => {
    const quiet = "outputs: { secret: true }\npolicy: { supplement: true }\n";
    expect(notes(`${quiet}import: { user: true, accessKeyId: ${KEY_ID} }`)).toEqual([
      "import is set: remove it after the apply; while it is set, checkov cannot read the Terraform JSON",
    ]);
    expect(notes(`${quiet}attachment: group`)).toEqual([
      'attachment is group: the policy is no longer attached to the user itself; change a live deployment from "user" to "user-and-group" first, in an apply of its own',
    ]);
  });
});
