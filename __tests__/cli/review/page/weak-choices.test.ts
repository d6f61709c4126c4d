import { weakChoices } from "../../../../src/cli/review/page/weak-choices";
import { deployment } from "../../../helpers/deployment";
import { RSA_KEY } from "../../../helpers/pgp-keys";

const weak = (settings: string) => weakChoices(deployment(settings)).map(({ setting }) => setting);

const chosen = (settings: string, setting: string) =>
  weakChoices(deployment(settings)).find((choice) => choice.setting === setting)?.chosen;

const STRONGEST = `accountId: "123456789012"
policy: { mode: strict }
cluster: { tags: { dkp-cluster: dev }, prefix: dev, layout: Standard, dkpVersion: "1.77" }
user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B", allowedNetworks: { cidrs: [203.0.113.0/24] } }
accessKeys: { primary: { pgpKey: ${RSA_KEY} } }
`;

describe("the choices for which a stronger one exists", () => {
  it("contain each default that follows the DKP documentation, the most important one first", () => {
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

  it("are none if the settings have the strongest choices", () => {
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
    [
      "backend.s3.encrypt",
      `${STRONGEST}backend: { s3: { bucket: b, region: r, encrypt: false, kms_key_id: k } }`,
      "`false`: Terraform requests no encryption of the state, with `kms_key_id` neither",
    ],
    [
      "backend.s3.use_lockfile",
      `${STRONGEST}backend: { s3: { bucket: b, region: r, use_lockfile: false } }`,
      "`false`: two applies at the same time can lose a key or its secret",
    ],
    [
      "backend.s3.endpoints",
      `${STRONGEST}backend: { s3: { bucket: b, region: r, endpoints: { s3: "https://s3.amazonaws.com.example.org" } } }`,
      "not an endpoint of AWS: whoever runs that service can read and change the state",
    ],
  ])("are only %s where it is the only one", (setting, settings, text) => {
    expect(weak(settings)).toEqual([setting]);
    expect(chosen(settings, setting)).toBe(text);
  });

  it("are at most one per setting", () => {
    for (const settings of ["", STRONGEST, `${STRONGEST}attachment: user-and-group`]) {
      expect(weak(settings)).toEqual([...new Set(weak(settings))]);
    }
  });

  it.each([
    ["an endpoint of AWS", 'endpoints: { s3: "https://s3.eu-central-1.amazonaws.com" }'],
    ["a lock in DynamoDB", "use_lockfile: false, dynamodb_table: t"],
  ])("do not include %s", (_, argument) => {
    expect(weak(`${STRONGEST}backend: { s3: { bucket: b, region: r, ${argument} } }`)).toEqual([]);
  });

  it("do not include the output of a key that Terraform does not know", () => {
    expect(weak("import: { user: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }")).not.toContain("outputs.secret");
  });
});
