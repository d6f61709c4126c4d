import { decisionsOf } from "../../../../src/cli/review/page/decisions";
import { deployment } from "../../../helpers/deployment";
import { RSA_KEY } from "../../../helpers/pgp-keys";

const weak = (settings: string) =>
  decisionsOf(deployment(settings)).flatMap(({ setting, stronger }) => (stronger === undefined ? [] : [setting]));

const chosen = (settings: string, setting: string) =>
  decisionsOf(deployment(settings)).find((decision) => decision.setting === setting)?.chosen;

const STRONGEST = `accountId: "123456789012"
policy: { mode: strict }
cluster: { tags: { dkp-cluster: dev }, prefix: dev, layout: Standard, dkpVersion: "1.77" }
user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B", allowedNetworks: { cidrs: [203.0.113.0/24] } }
accessKeys: { primary: { pgpKey: ${RSA_KEY} } }
`;

describe("the decisions of a reviewer", () => {
  it("have a stronger choice for each default that follows the DKP documentation, the most important one first", () => {
    expect(weak("")).toEqual([
      "policy.mode",
      "user.allowedNetworks",
      "accessKeys.*.pgpKey",
      "outputs.secret",
      "accountId",
      "user.permissionsBoundary",
      "attachment",
    ]);
  });

  it("have none if the settings have the strongest choices", () => {
    expect(weak(STRONGEST)).toEqual([]);
  });

  it.each([
    ["policy.mode", STRONGEST.replace("strict", "scoped"), "`scoped`: also actions that this cluster does not call"],
    [
      "cluster.dkpVersion",
      STRONGEST.replace(', dkpVersion: "1.77"', ""),
      "not set: the policy covers every supported version of DKP",
    ],
    [
      "attachment",
      `${STRONGEST}attachment: group`,
      "a group has the policy: whoever applies can add a user without the boundary to it",
    ],
    [
      "accessKeys.*.status",
      STRONGEST.replace("accessKeys: {", `accessKeys: { secondary: { status: Inactive, pgpKey: ${RSA_KEY} },`),
      "two keys exist, of which DKP uses one",
    ],
    ["cluster.kmsKeyArns", `${STRONGEST}features: [encrypted-volumes]`, "not set: every KMS key of the account in the Region"],
    [
      "cluster.formerIamNodeRoles",
      STRONGEST.replace("prefix: dev", "prefix: dev, formerIamNodeRoles: [/old]"),
      "the key can still use the former node roles",
    ],
    [
      "nodeRole.permissionsBoundary",
      `${STRONGEST}nodeRole: { name: n }`,
      "not set: whoever applies can give the node role any permission",
    ],
    ["protect", `${STRONGEST}protect: false`, "`false`: **a plan can delete the user, the policy and keys**"],
    [
      "backend",
      `${STRONGEST}backend: { local: {} }`,
      "`local`: the state is a file on one computer, without access control and without a backup",
    ],
  ])("name %s where it is the only one with a stronger choice", (setting, settings, text) => {
    expect(weak(settings)).toEqual([setting]);
    expect(chosen(settings, setting)).toBe(text);
  });

  it("have one choice per setting", () => {
    for (const settings of ["", STRONGEST, `${STRONGEST}attachment: user-and-group`]) {
      const settingsOf = decisionsOf(deployment(settings)).map(({ setting }) => setting);
      expect(settingsOf).toEqual([...new Set(settingsOf)]);
    }
  });

  it("do not include a key that Terraform does not know", () => {
    expect(weak("import: { user: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }")).not.toContain("outputs.secret");
  });
});
