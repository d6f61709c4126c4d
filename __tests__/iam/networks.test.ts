import { includesAddress, otherNetworkConditions } from "../../src/iam/networks";

describe("CIDR blocks", () => {
  const blocks = ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"];

  it.each(["203.0.113.0", "203.0.113.255", "198.51.100.7", "2001:db8::1"])("include %s", (address) => {
    expect(includesAddress(blocks, address)).toBe(true);
  });

  it.each(["203.0.114.0", "198.51.100.8", "2001:db9::1"])("do not include %s", (address) => {
    expect(includesAddress(blocks, address)).toBe(false);
  });

  it("include no address if there are none", () => {
    expect(includesAddress([], "203.0.113.1")).toBe(false);
  });
});

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
