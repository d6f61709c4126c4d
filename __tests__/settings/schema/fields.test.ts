import { knownKeys, meaningOf } from "../../../src/settings/schema/fields";
import { argumentsOf, BACKEND_TYPES, type BackendType } from "../../../src/terraform/backends";

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

describe("every backend argument that settings accept", () => {
  const types = Object.entries<BackendType>(BACKEND_TYPES);

  it("means an exposure when it changes, or another identity", () => {
    const meanings = types.flatMap(([type, { harmless, destinations = [], identities = [] }]) => {
      const setting = type === "cloud" ? ["cloud"] : ["backend", type];
      const meaningsOf = (names: readonly string[]) => names.map((name) => meaningOf([...setting, ...name.split(".")]));
      return [
        ...meaningsOf([...harmless, ...destinations]).map((meaning) => ["exposure", meaning]),
        ...meaningsOf(identities).map((meaning) => ["identity", meaning]),
      ];
    });
    expect(meanings.length).toBeGreaterThan(100);
    expect(meanings.filter(([expected, meaning]) => expected !== meaning)).toEqual([]);
  });

  it("names no file, program, token or credential", () => {
    const names = types.flatMap(([, type]) => [...argumentsOf(type).keys()]);
    const suspicious =
      /(?:^|[._])(?:ca|cert|config|credentials?|exec|file|files|headers|insecure|key_file|pass|password|path|paths|pem|private_key|proxy|secret|skip_|sts|token|url)(?:$|[._])/;
    // The path of a state, which may be one in a store; names of contexts and of profiles.
    const known = [
      "path",
      "config_context",
      "config_context_auth_info",
      "config_context_cluster",
      "config_file_profile",
      "secret_suffix",
      "force_path_style",
      "in_cluster_config",
      "use_path_style",
    ];
    expect(names.filter((name) => suspicious.test(name) && !known.includes(name))).toEqual([]);
  });
});
