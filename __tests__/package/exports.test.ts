import * as api from "../../src/index";

describe("what another CDKTF program may import", () => {
  it("is this and nothing else", () => {
    expect(Object.keys(api).sort()).toEqual([
      "AccessApp",
      "AccessGroup",
      "AccessKeys",
      "AccessPolicy",
      "AccessState",
      "AccessUser",
      "DeckhouseAccessStack",
      "NodeRole",
      "OUTPUTS",
      "PLAIN_CLUSTER",
      "PolicyAttachment",
      "SUPPORTED_VERSIONS",
      "SettingsError",
      "VERIFIED_COMPONENTS",
      "defineDeployments",
      "loadDeployments",
      "partitionOf",
      "policyStatements",
      "upgradeReport",
    ]);
  });
});
