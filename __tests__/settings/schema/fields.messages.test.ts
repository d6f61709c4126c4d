import { errorsOf, errorsWith, REGION } from "../../helpers/settings-files";

describe("an unknown setting", () => {
  it.each([
    ["mode: minimal", 'mode: unknown setting, did you mean "policy.mode"?'],
    ["bucket: b", 'bucket: unknown setting, did you mean "backend.s3.bucket"?'],
    ["prefix: dev", 'prefix: unknown setting, did you mean "cluster.prefix"?'],
    ["description: a", 'description: unknown setting, did you mean "policy.description"?'],
    ["path: /a/", 'path: unknown setting, did you mean "user.path" or "policy.path" or "group.path" or "nodeRole.path"?'],
  ])("that belongs inside another one gets its path: %s", (setting, error) => {
    expect(errorsWith(`${setting}\n`)).toEqual([`line 3, ${error}`]);
  });

  it.each([
    ["regoin: x", 'regoin: unknown setting, did you mean "region"?'],
    ["accountID: x", 'accountID: unknown setting, did you mean "accountId"?'],
    ["account_id: x", 'account_id: unknown setting, did you mean "accountId"?'],
    ["users: {}", 'users: unknown setting, did you mean "user"?'],
    ["uesr: {}", 'uesr: unknown setting, did you mean "user"?'],
    ["tgas: {}", 'tgas: unknown setting, did you mean "tags"?'],
  ])("gets the nearest name as a suggestion: %s", (extra, error) => {
    expect(errorsWith(`${extra}\n`)).toEqual([`line 3, ${error}`]);
  });

  it("gets the list of all settings if none is near", () => {
    expect(errorsWith("zone: a\n")).toEqual([
      "line 3, zone: unknown setting, known are region, backend, cloud, accountId, provider, tags, user, policy, attachment, group, nodeRole, accessKeys, ... (17 in all)",
    ]);
  });

  it("is reported beside every other one of the same object", () => {
    expect(errorsWith("acountId: x\nprotekt: true\nuser: { nam: x, pathh: / }\n")).toEqual([
      'line 3, acountId: unknown setting, did you mean "accountId"?',
      'line 4, protekt: unknown setting, did you mean "protect"?',
      'line 5, user.nam: unknown setting, did you mean "name"?',
      'line 5, user.pathh: unknown setting, did you mean "path"?',
    ]);
  });

  it.each([
    [
      "user: { group: x }",
      "user.group: unknown setting, known are name, path, permissionsBoundary, allowedNetworks, forceDestroy",
    ],
    ["user: { force_destroy: true }", 'user.force_destroy: unknown setting, did you mean "forceDestroy"?'],
    ["policy: { decsription: x }", 'policy.decsription: unknown setting, did you mean "description"?'],
    ["provider: { region: eu-west-1 }", "provider.region: unknown setting, known are version, profile, assumeRoleArn"],
    ["provider: { assume_role_arn: x }", 'provider.assume_role_arn: unknown setting, did you mean "assumeRoleArn"?'],
    ["outputs: { all: true }", "outputs.all: unknown setting, known are secret"],
  ])("inside an object is measured against that object: %s", (extra, error) => {
    expect(errorsWith(`${extra}\n`)).toEqual([`line 3, ${error}`]);
  });

  it("that was meant as a required one is reported beside what is missing", () => {
    expect(errorsOf("regoin: eu-central-1\nbackend: { s3: { bucket: b } }\n")).toEqual([
      'region: missing; write the region DKP will run in, for example "eu-central-1"',
      'line 1, regoin: unknown setting, did you mean "region"?',
    ]);
  });

  it("beside the backend type gets the nearest name as a suggestion", () => {
    expect(errorsOf(`${REGION}backend: { s3: { bucket: b }, partal: true }\n`)).toEqual([
      expect.stringMatching(/^line 2, backend\.partal: unknown .*did you mean "partial"\?$/),
    ]);
  });
});
