import { deploymentOf, deploymentWith, errorsOf, errorsWith } from "../../helpers/settings-files";

const BACKEND = "backend: { s3: { bucket: states } }\n";

describe("region", () => {
  it.each(["eu-central-1", "ap-southeast-5", "il-central-1", "us-gov-west-1", "cn-north-1", "us-isob-east-1", "eusc-de-east-1"])(
    "accepts %s",
    (region) => {
      expect(deploymentOf(`region: ${region}\n${BACKEND}`).region).toBe(region);
    },
  );

  it.each(["Europe", "eu-central", "EU-CENTRAL-1", "eu_central_1", "eu-central-0", "eu-central-1 ", "eu-central-1\\n", ""])(
    'rejects the impossible "%s"',
    (region) => {
      expect(errorsOf(`region: "${region}"\n${BACKEND}`)).toEqual([
        `line 1, region: "${region}" does not have the shape of an AWS region; write one such as "eu-central-1" or "us-gov-west-1"`,
      ]);
    },
  );

  it.each([
    ["eu-central-1a", "eu-central-1"],
    ["us-gov-west-1b", "us-gov-west-1"],
  ])("rejects the availability zone %s and names its region", (zone, region) => {
    expect(errorsOf(`region: ${zone}\n${BACKEND}`)).toEqual([
      `line 1, region: "${zone}" is an availability zone; write its region, "${region}"`,
    ]);
  });

  it("is required", () => {
    expect(errorsOf(BACKEND)).toEqual(['region: missing; write the region DKP will run in, for example "eu-central-1"']);
  });

  it("rejects a number", () => {
    expect(errorsOf(`region: 5\n${BACKEND}`)).toEqual(["line 1, region: 5 is not a string; write one value in quotes"]);
  });
});

describe("accountId", () => {
  it("keeps its leading zero", () => {
    expect(deploymentWith('accountId: "012345678901"\n').accountId).toBe("012345678901");
  });

  it.each([
    ['"1"', '"1" has 1 digit, an AWS account id has 12'],
    ['"12345678901"', '"12345678901" has 11 digits, an AWS account id has 12'],
    ['"1234567890123"', '"1234567890123" has 13 digits, an AWS account id has 12'],
    ["123456789012", "123456789012 is a number, which loses leading zeros; write the account id in quotes"],
    ["012345678901", "12345678901 is a number, which loses leading zeros; write the account id in quotes"],
    ["1234-5678-9012", '"1234-5678-9012" is not an AWS account id, which is 12 digits'],
    ['"123456789012\\n"', '"123456789012\\n" is not an AWS account id, which is 12 digits'],
    ['"１２３４５６７８９０１２"', '"１２３４５６７８９０１２" is not an AWS account id, which is 12 digits'],
    ['""', '"" is not an AWS account id, which is 12 digits'],
    ["true", "true is not an AWS account id, which is 12 digits in quotes"],
    ['["123456789012"]', "a list is not an AWS account id, which is 12 digits in quotes"],
  ])("rejects %s", (value, error) => {
    expect(errorsWith(`accountId: ${value}\n`)).toEqual([`line 3, accountId: ${error}`]);
  });
});

describe("user.allowedNetworks", () => {
  const networks = (value: string) => `user: { allowedNetworks: ${value} }\n`;

  it("has lists of addresses, VPCs and VPC endpoints", () => {
    expect(deploymentWith(networks("{ vpcs: [vpc-0123456789abcdef0] }")).user.allowedNetworks).toEqual({
      cidrs: [],
      vpcs: ["vpc-0123456789abcdef0"],
      vpcEndpoints: [],
    });
    const all =
      '{ cidrs: [203.0.113.0/24, 198.51.100.7/32, "2001:db8::/32", "2001:DB8::1/128", 8.0.0.0/5], vpcs: [vpc-01234567], vpcEndpoints: [vpce-0123456789abcdef0] }';
    expect(deploymentWith(networks(all)).user.allowedNetworks?.cidrs).toHaveLength(5);
  });

  it.each(["{}", "{ cidrs: [] }", "{ cidrs: [], vpcs: [], vpcEndpoints: [] }"])("rejects %s, which names no network", (value) => {
    expect(errorsWith(networks(value))).toEqual([
      "line 3, user.allowedNetworks: names no network, and would deny every request; write cidrs, vpcs or vpcEndpoints, or remove it",
    ]);
  });

  it("rejects other keys", () => {
    expect(errorsWith(networks("{ cidr: [203.0.113.0/24] }"))).toEqual([
      'line 3, user.allowedNetworks.cidr: unknown setting, did you mean "cidrs"?',
    ]);
  });

  const NOT_A_BLOCK = "is not a CIDR block; write for example 203.0.113.0/24 or 2001:db8::/32";
  const EVERYTHING = "contains every address, which restricts nothing; write the public addresses of the cluster, or remove it";
  const PRIVATE =
    "is not public, and no request to AWS has such a source address; write the public address of the NAT gateway, or the VPC in vpcs if it has VPC endpoints";

  it.each([
    ["203.0.113.7", "has no prefix length; write 203.0.113.7/32 for one address"],
    ["2001:db8::7", "has no prefix length; write 2001:db8::7/128 for one address"],
    ["203.0.113.0/33", NOT_A_BLOCK],
    ["2001:db8::/129", NOT_A_BLOCK],
    ["203.0.113.0/024", NOT_A_BLOCK],
    ["203.0.113/24", NOT_A_BLOCK],
    ["203.0.113.0/24/8", NOT_A_BLOCK],
    ["::ffff:203.0.113.0/128", NOT_A_BLOCK],
    ["fe80::1%eth0/128", NOT_A_BLOCK],
    ["vpc-0123456789abcdef0", NOT_A_BLOCK],
    ["", NOT_A_BLOCK],
    ["203.0.113.7/24", "has bits set after its prefix length; write 203.0.113.0/24, or /32 for one address"],
    ["2001:db8::1/64", "has bits set after its prefix length; write 2001:db8::/64, or /128 for one address"],
    ["0.0.0.0/0", EVERYTHING],
    ["::/0", EVERYTHING],
    ["10.0.0.0/8", PRIVATE],
    ["10.241.0.0/20", PRIVATE],
    ["172.16.0.0/12", PRIVATE],
    ["172.31.255.255/32", PRIVATE],
    ["192.168.1.0/24", PRIVATE],
    ["100.64.0.0/10", PRIVATE],
    ["127.0.0.1/32", PRIVATE],
    ["169.254.169.254/32", PRIVATE],
    ["fd00::/8", PRIVATE],
    ["fe80::/10", PRIVATE],
    ["::1/128", PRIVATE],
  ])('rejects the address "%s"', (value, error) => {
    expect(errorsWith(networks(`{ cidrs: ["${value}"] }`))).toEqual([
      `line 3, user.allowedNetworks.cidrs.0: "${value}" ${error}`,
    ]);
  });

  it.each(["172.32.0.0/16", "11.0.0.0/8", "192.169.0.0/16", "2600::/12"])("accepts the public block %s", (value) => {
    expect(deploymentWith(networks(`{ cidrs: ["${value}"] }`)).user.allowedNetworks?.cidrs).toEqual([value]);
  });

  it.each([
    ["vpcs", "vpce-0123456789abcdef0", "is not a VPC id, which reads vpc-0123456789abcdef0"],
    ["vpcEndpoints", "vpc-0123456789abcdef0", "is not the id of a VPC endpoint, which reads vpce-0123456789abcdef0"],
  ])("rejects in %s the ID %s", (list, value, error) => {
    expect(errorsWith(networks(`{ ${list}: [${value}] }`))).toEqual([
      `line 3, user.allowedNetworks.${list}.0: "${value}" ${error}`,
    ]);
  });

  it("rejects more networks than one policy can hold", () => {
    const cidrs = Array.from({ length: 400 }, (_, index) => `203.${index % 256}.${Math.floor(index / 256)}.0/24`);
    expect(errorsWith(networks(`{ cidrs: [${cidrs.join(", ")}] }`))).toEqual([
      expect.stringMatching(
        /^line 3, user\.allowedNetworks: requires a statement DenyOtherNetworks of \d{4} characters, IAM allows 6144; combine its networks$/,
      ),
    ]);
  });
});
