import { ENCRYPTION_KEY } from "../../helpers/pgp-keys";
import { deploymentWith, KEY_ID, problemsWith, SECRET_KEY } from "../../helpers/settings-files";

describe("adopt", () => {
  it("takes over object by object", () => {
    expect(deploymentWith(`adopt: { user: true, accessKeyId: ${KEY_ID} }`).adopt).toEqual({
      user: true,
      policy: false,
      attachment: false,
      group: false,
      nodeRole: false,
      accessKeyId: KEY_ID,
    });
    expect(deploymentWith("").adopt).toBeUndefined();
  });

  it.each([
    [
      "adopt: { accessKeyId: deckhouse }",
      "line 3, adopt.accessKeyId: is not the id of an access key (not shown); write AKIA and 16 more characters, never the secret",
    ],
    [
      "adopt: { accessKeyId: ASIAIOSFODNN7EXAMPLE }",
      "line 3, adopt.accessKeyId: is the id of temporary credentials, which DKP can't use; write the id of a key of the user, AKIA and 16 more characters",
    ],
    [
      `accessKeys: none\nadopt: { accessKeyId: ${KEY_ID} }`,
      'line 4, adopt.accessKeyId: a key taken over comes into the primary slot, and accessKeys is none; set accessKeys.primary.status to "Active", or remove adopt.accessKeyId',
    ],
    [
      `accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }\nadopt: { accessKeyId: ${KEY_ID} }`,
      'line 4, adopt.accessKeyId: a key taken over comes into the primary slot, and accessKeys.primary.status is absent; set accessKeys.primary.status to "Active", or remove adopt.accessKeyId',
    ],
    [
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }\nadopt: { accessKeyId: ${KEY_ID} }`,
      "line 3, accessKeys.primary.pgpKey: would replace the key taken over, whose secret nobody can encrypt any more; give the pgpKey to the secondary slot and rotate",
    ],
    [
      "attachment: group\nadopt: { attachment: true }",
      'line 4, adopt.attachment: the attachment to the user is taken over, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
    ],
    [
      "adopt: { group: true }",
      'line 3, adopt.group: true needs a group, and attachment "user" has none; set attachment to "user-and-group", or remove adopt.group',
    ],
    [
      "adopt: { nodeRole: true }",
      "line 3, adopt.nodeRole: true needs a role, and nodeRole is not set; set nodeRole.name, or remove adopt.nodeRole",
    ],
    ["adopt: { user: yes please }", 'line 3, adopt.user: "yes please" is not true or false'],
  ])("refuses %s in words", (settings, problem) => {
    expect(problemsWith(settings)).toEqual([problem]);
  });

  it.each(["attachment: user-and-group\nadopt: { group: true }", "attachment: group\nadopt: { group: true }"])(
    "imports the group with %j",
    (settings) => {
      expect(deploymentWith(settings).adopt).toMatchObject({ group: true });
    },
  );

  it("imports the node role beside its settings", () => {
    expect(deploymentWith("nodeRole: { name: dkp-nodes }\nadopt: { nodeRole: true }").adopt).toMatchObject({ nodeRole: true });
  });

  it("never shows a secret that was written for the id", () => {
    const problems = problemsWith(`adopt: { accessKeyId: ${SECRET_KEY} }`);
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain(SECRET_KEY);
  });
});
