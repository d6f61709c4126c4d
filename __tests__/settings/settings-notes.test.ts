import { notesOf, settingsWarnings } from "../../src/settings/settings-notes";
import { ENCRYPTION_KEY, EXPIRED_KEY } from "../helpers/pgp-keys";
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

describe("the warnings about additional actions of the node role", () => {
  const warnings = (action: string) =>
    settingsWarnings(deploymentWith(`nodeRole: { name: n, additionalActions: ["${action}"] }`));

  it.each(["ecr:GetDownloadUrlForLayer", "ecr:Batchgetimage", "s3:Get*", "ssm:?etParameter", "ecr:*", "lightsail:Whatever"])(
    "do not exist for %s",
    (action) => {
      expect(warnings(action)).toEqual([]);
    },
  );

  it.each([
    ["ecr:GetDownloadUrlForLayerr", "ecr:GetDownloadUrlForLayer"],
    ["s3:GetObjekt", "s3:GetObject"],
    ["ssm:GetParameters?", "ssm:GetParameters"],
    ["erc:GetDownloadUrlForLayer", "ecr:GetDownloadUrlForLayer"],
  ])("name the nearest action for %s", (action, meant) => {
    expect(warnings(action)).toEqual([
      `nodeRole.additionalActions.0: "${action}" matches no action that AWS is known to have, did you mean "${meant}"?`,
    ]);
  });

  it("name some of the service where none is near", () => {
    expect(warnings("ecr:Nonsense")).toEqual([
      expect.stringMatching(/^node.* known to have, known are ecr:BatchCheckLayerAvailability, .* in all\)$/),
    ]);
  });
});

describe("the warning about cluster.dkpVersion", () => {
  const warnings = (version: string) =>
    settingsWarnings(
      deploymentWith(`policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithNAT, dkpVersion: "${version}" }`),
    );

  it("names the version that the policy is for, and exists for newer versions alone", () => {
    expect(warnings("1.77")).toEqual([]);
    expect(warnings("1.78")).toEqual([
      'cluster.dkpVersion: "1.78" is newer than 1.77, the newest version that this program knows: the policy is for 1.77; check for a newer version of this program',
    ]);
  });
});

it("an OpenPGP key that has expired is a warning", () => {
  const given = deploymentWith(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { pgpKey: ${EXPIRED_KEY} } }`);
  expect(settingsWarnings(given)).toEqual([
    "accessKeys.secondary.pgpKey: the key of old <old@example.com> (fingerprint AFAE28950D5DB941A9F3EC2781BF1A21FA8563D0, expires 2026-01-31) is expired: a new access key would lose its secret; write a valid one before you create an access key in this slot",
  ]);
});
