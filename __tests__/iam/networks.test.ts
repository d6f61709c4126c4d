import { otherNetworkConditions } from "../../src/iam/networks";

describe("the conditions for other networks", () => {
  it("have one for each kind of network that is stated, and the exemption of services", () => {
    const stated = (networks: Partial<Parameters<typeof otherNetworkConditions>[0]>) =>
      otherNetworkConditions({ cidrs: [], vpcs: [], vpcEndpoints: [], ...networks }).map(({ variable }) => variable);
    expect(stated({ cidrs: ["203.0.113.0/24"] })).toEqual(["aws:ViaAWSService", "aws:SourceIp"]);
    expect(stated({ vpcs: ["vpc-1"], vpcEndpoints: ["vpce-1"] })).toEqual([
      "aws:ViaAWSService",
      "aws:SourceVpc",
      "aws:SourceVpce",
    ]);
  });
});
