import { knownKeys, meaningOf } from "../../../src/settings/schema/fields";

describe("the meaning of a change", () => {
  it.each([
    ["outputs.secret", "exposure"],
    ["accessKeys.primary.pgpKey", "exposure"],
    ["nodeRole.additionalActions.0", "permissions"],
    ["policy.description", "harmless"],
  ])("of %s is declared beside the field: %s", (path, meaning) => {
    expect(meaningOf(path.split("."))).toBe(meaning);
  });

  it.each([
    ["cluster.tags.owner", "permissions"],
    ["backend.s3.bucket", "exposure"],
    ["user.allowedNetworks.cidrs.0", "permissions"],
  ])("of %s is that of the nearest field around it: %s", (path, meaning) => {
    expect(meaningOf(path.split("."))).toBe(meaning);
  });

  it("that a field declares overrides that of the field around it", () => {
    expect(meaningOf(["cluster", "additionalRolePolicies"])).toBe("attention");
  });

  it.each(["attachment", "protect", "policy.unknown", "unknown"])("of %s is attention, because nothing is declared", (path) => {
    expect(meaningOf(path.split("."))).toBe("attention");
  });
});

it("knows the keys of an object at a path, also of one option among others", () => {
  expect(knownKeys(["accessKeys"])).toEqual(["primary", "secondary", "current", "allowPlaintext"]);
  expect(knownKeys(["region"])).toEqual([]);
});
