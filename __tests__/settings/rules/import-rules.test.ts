import { ENCRYPTION_KEY } from "../../helpers/pgp-keys";
import { deploymentWith, errorsWith, KEY_ID, SECRET_KEY } from "../../helpers/settings-files";

describe("import", () => {
  it("rejects further policies of a deployment that has one", () => {
    expect(errorsWith("import: { additionalPolicies: true }")).toEqual([
      "line 3, import.additionalPolicies: true requires several policies, and the permissions fit into one; remove import.additionalPolicies",
    ]);
  });

  it("reports the missing prefix alone where the number of policies follows from it", () => {
    expect(errorsWith("import: { additionalPolicies: true }\npolicy: { mode: scoped }")).toEqual([
      'cluster.prefix: missing: policy.mode "scoped" limits the key to the role <prefix>-node; write the cloud.prefix of the cluster',
    ]);
  });

  it("imports each object separately", () => {
    expect(deploymentWith(`import: { user: true, accessKeyId: ${KEY_ID} }`).import).toEqual({
      user: true,
      policy: false,
      additionalPolicies: false,
      attachment: false,
      group: false,
      nodeRole: false,
      accessKeyId: KEY_ID,
    });
    expect(deploymentWith("").import).toBeUndefined();
  });

  it.each([
    [
      "import: { accessKeyId: deckhouse }",
      "line 3, import.accessKeyId: is not the id of an access key (not shown); write AKIA and 16 more characters, never the secret",
    ],
    [
      "import: { accessKeyId: ASIAIOSFODNN7EXAMPLE }",
      "line 3, import.accessKeyId: is the id of temporary credentials, which DKP can't use; write the id of a key of the user, AKIA and 16 more characters",
    ],
    [
      `accessKeys: none\nimport: { accessKeyId: ${KEY_ID} }`,
      'line 4, import.accessKeyId: an imported key goes into the primary slot, and accessKeys is none; set accessKeys.primary.status to "Active", or remove import.accessKeyId',
    ],
    [
      `accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }\nimport: { accessKeyId: ${KEY_ID} }`,
      'line 4, import.accessKeyId: an imported key goes into the primary slot, and accessKeys.primary.status is absent; set accessKeys.primary.status to "Active", or remove import.accessKeyId',
    ],
    [
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }\nimport: { accessKeyId: ${KEY_ID} }`,
      "line 3, accessKeys.primary.pgpKey: would replace the imported key, whose secret nobody can encrypt any more; give the pgpKey to the secondary slot and rotate",
    ],
    [
      "attachment: group\nimport: { attachment: true }",
      'line 4, import.attachment: the attachment to the user is imported, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
    ],
    [
      "import: { group: true }",
      'line 3, import.group: true requires a group, and attachment "user" has none; set attachment to "user-and-group", or remove import.group',
    ],
    [
      "import: { nodeRole: true }",
      "line 3, import.nodeRole: true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
    ],
    ["import: { user: yes please }", 'line 3, import.user: "yes please" is not true or false'],
  ])("rejects %s", (settings, error) => {
    expect(errorsWith(settings)).toEqual([error]);
  });

  it.each(["attachment: user-and-group\nimport: { group: true }", "attachment: group\nimport: { group: true }"])(
    "imports the group with %j",
    (settings) => {
      expect(deploymentWith(settings).import).toMatchObject({ group: true });
    },
  );

  it("imports the node role beside its settings", () => {
    expect(deploymentWith("nodeRole: { name: dkp-nodes }\nimport: { nodeRole: true }").import).toMatchObject({ nodeRole: true });
  });

  it("never shows a secret that was written for the id", () => {
    const errors = errorsWith(`import: { accessKeyId: ${SECRET_KEY} }`);
    expect(errors).toHaveLength(1);
    expect(errors.join()).not.toContain(SECRET_KEY);
  });
});
