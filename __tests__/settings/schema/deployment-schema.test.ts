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
