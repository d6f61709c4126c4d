import { errorsOf, errorsWith, REGION } from "../../helpers/settings-files";

const TYPES = "azurerm, consul, cos, gcs, http, kubernetes, local, oci, oss, pg, remote, s3";
const GCS =
  "bucket, impersonate_service_account, impersonate_service_account_delegates, kms_encryption_key, prefix, storage_custom_endpoint";

describe("a value of a wrong type", () => {
  it.each([
    [
      "user: 5",
      "user: 5 is not an object; it takes name, path, permissionsBoundary, allowedNetworks, forceDestroy; write KEY: VALUE lines below it",
    ],
    [
      "user: deckhouse",
      'user: "deckhouse" is not an object; it takes name, path, permissionsBoundary, allowedNetworks, forceDestroy; write KEY: VALUE lines below it',
    ],
    [
      "user: []",
      "user: a list is not an object; it takes name, path, permissionsBoundary, allowedNetworks, forceDestroy; write KEY: VALUE lines below it",
    ],
    [
      "user: [deckhouse]",
      "user: a list is not an object; it takes name, path, permissionsBoundary, allowedNetworks, forceDestroy; write KEY: VALUE lines below it",
    ],
    [
      "provider: []",
      "provider: a list is not an object; it takes version, profile, assumeRoleArn; write KEY: VALUE lines below it",
    ],
    [
      "policy: documented",
      'policy: "documented" is not an object; it takes name, path, description, mode, marker, supplement; write KEY: VALUE lines below it',
    ],
    ["outputs: true", "outputs: true is not an object; it takes secret; write KEY: VALUE lines below it"],
    ["tags: [a]", "tags: a list is not an object; write KEY: VALUE lines below it"],
    ["tags: []", "tags: a list is not an object; write KEY: VALUE lines below it"],
    ["tags: team", 'tags: "team" is not an object; write KEY: VALUE lines below it'],
    ["protect: 'yes'", 'protect: "yes" is not true or false'],
    ["protect: yes", 'protect: "yes" is not true or false'],
    ["protect: 1", "protect: 1 is not true or false"],
    ["outputs: { secret: 'false' }", 'outputs.secret: "false" is not true or false'],
    ["policy: { supplement: off }", 'policy.supplement: "off" is not true or false'],
    ["user: { forceDestroy: [] }", "user.forceDestroy: a list is not true or false"],
    ["user: { name: 5 }", "user.name: 5 is not a string; write one value in quotes"],
    ["user: { name: true }", "user.name: true is not a string; write one value in quotes"],
    ["policy: { name: 5 }", "policy.name: 5 is not a string; write one value in quotes"],
    ["policy: { path: 1.5 }", "policy.path: 1.5 is not a string; write one value in quotes"],
    ["policy: { description: 2024 }", "policy.description: 2024 is not a string; write one value in quotes"],
    ["policy: { mode: 5 }", 'policy.mode: 5 is unknown; use "documented", "scoped", "minimal", "strict"'],
    ["provider: { version: 5 }", "provider.version: 5 is not a string; write one value in quotes"],
    ["provider: { profile: 5 }", "provider.profile: 5 is not a string; write one value in quotes"],
  ])("is shown with what belongs there: %s", (extra, error) => {
    expect(errorsWith(`${extra}\n`)).toEqual([`line 3, ${error}`]);
  });

  it.each([
    ["backend: s3", `backend: "s3" is not an object; it takes ${TYPES}, ... (13 in all); write KEY: VALUE lines below it`],
    ["backend: []", `backend: a list is not an object; it takes ${TYPES}, ... (13 in all); write KEY: VALUE lines below it`],
    ["backend: { gcs: states }", `backend.gcs: "states" is not an object; it takes ${GCS}; write KEY: VALUE lines below it`],
    ["backend: { s3: { bucket: b }, partial: 'yes' }", 'backend.partial: "yes" is not true or false'],
    [
      "backend: { s3: { bucket: b, endpoints: x } }",
      'backend.s3.endpoints: "x" is not an object; it takes dynamodb, s3; write KEY: VALUE lines below it',
    ],
    [
      "cloud: acme",
      'cloud: "acme" is not an object; it takes hostname, organization, workspaces; write KEY: VALUE lines below it',
    ],
    [
      "cloud: { organization: acme, workspaces: dkp }",
      'cloud.workspaces: "dkp" is not an object; it takes name, project, tags; write KEY: VALUE lines below it',
    ],
  ])("as the location of the state is shown with what belongs there: %s", (extra, error) => {
    expect(errorsOf(`${REGION}${extra}\n`)).toEqual([`line 2, ${error}`]);
  });

  it.each(["!!set { name }", "!!omap [ name: dkp ]", "!!binary aGVsbG8="])("is not let through by a YAML tag: %s", (value) => {
    expect(errorsWith(`user: ${value}\n`)).toEqual([expect.stringMatching(/^line 3/)]);
  });

  it.each([
    ["5", "a number"],
    ["hello", "a string"],
    ["[region]", "a list"],
    ["- region", "a list"],
  ])("as the whole file is shown: %s", (text, shown) => {
    expect(errorsOf(`${text}\n`)).toEqual([`holds ${shown} and not an object; write KEY: VALUE lines`]);
  });

  it("is cut where it is long", () => {
    expect(errorsWith(`protect: ${"a".repeat(200)}\n`)).toEqual([
      `line 3, protect: "${"a".repeat(79)}... (200 characters) is not true or false`,
    ]);
  });
});

describe("a key without a value", () => {
  it.each([
    ["accountId:", "accountId"],
    ["accountId: ~", "accountId"],
    ["protect: null", "protect"],
    ["user:", "user"],
    ["tags:", "tags"],
    ["tags: { team: }", "tags.team"],
    ["user: { name: }", "user.name"],
    ["user: { permissionsBoundary: }", "user.permissionsBoundary"],
    ["policy: { mode: }", "policy.mode"],
    ["policy: { supplement: }", "policy.supplement"],
    ["provider: { assumeRoleArn: }", "provider.assumeRoleArn"],
    ["outputs: { secret: }", "outputs.secret"],
    ["cloud:", "cloud"],
  ])("is empty: %s", (extra, path) => {
    expect(errorsWith(`${extra}\n`)).toEqual([`line 3, ${path}: is empty; write a value or remove it`]);
  });

  it.each([
    ["backend: { s3: { bucket: } }", "backend.s3.bucket"],
    ["backend: { s3: { bucket: '' } }", "backend.s3.bucket"],
    ["backend: { s3: { bucket: b, assume_role: } }", "backend.s3.assume_role"],
    ["backend: { s3: { bucket: b, assume_role: { role_arn: } } }", "backend.s3.assume_role.role_arn"],
    ["backend: { s3: { bucket: b, assume_role: { role_arn: '' } } }", "backend.s3.assume_role.role_arn"],
    ["cloud: { organization: '', workspaces: { name: dkp } }", "cloud.organization"],
  ])("is empty inside the location of the state as well: %s", (extra, path) => {
    expect(errorsOf(`${REGION}${extra}\n`)).toEqual([`line 2, ${path}: is empty; write a value or remove it`]);
  });

  it("is empty where it is an empty text", () => {
    expect(errorsWith("provider: { profile: '' }\n")).toEqual(["line 3, provider.profile: is empty; write a value or remove it"]);
  });
});
