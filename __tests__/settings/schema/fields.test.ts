import { knownKeys, meaningOf } from "../../../src/settings/schema/fields";
import { argumentsOf, BACKEND_TYPES } from "../../../src/terraform/backends";

it.each([
  ["declared next to the field", "outputs.secret", "exposure"],
  ["declared next to the field", "nodeRole.additionalActions.0", "permissions"],
  ["declared next to the field", "accessKeys.maxAge", "harmless"],
  ["that of the nearest field around it", "cluster.tags.owner", "permissions"],
  ["that of the nearest field around it", "backend.s3.bucket", "exposure"],
  ["that of the nearest field around it", "user.allowedNetworks.cidrs.0", "permissions"],
  ["its own, not that of the field around it", "cluster.additionalRolePolicies", "attention"],
  ...["protect", "policy.unknown", "unknown"].map((path) => ["not declared", path, "attention"]),
])("the meaning of a change is %s: %s has %s", (_, path, meaning) => {
  expect(meaningOf(path.split("."))).toBe(meaning);
});

it("knows the keys of an object at a path", () => {
  expect(knownKeys(["accessKeys"])).toEqual(["managedBy", "maxAge"]);
  expect(knownKeys(["region"])).toEqual([]);
});

describe("every backend argument that settings accept", () => {
  const types = Object.entries(BACKEND_TYPES);

  it("means an exposure when it changes, or another identity", () => {
    const meanings = types.flatMap(([type, { harmless, destinations = [], identities = [] }]) => {
      const setting = type === "cloud" ? ["cloud"] : ["backend", type];
      const meaningsOf = (names: readonly string[]) =>
        names.map((name) => meaningOf([...setting, ...name.split(".")]));
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
