import { isConditionKeyArray, typeForContextKey } from "@cloud-copilot/iam-simulate";
import { multiplicity } from "../../src/decision/context-keys";

const SINGLE_VALUED = [
  "aws:RequestedRegion",
  "aws:PrincipalArn",
  "aws:PrincipalAccount",
  "aws:PrincipalType",
  "aws:userid",
  "aws:username",
  "aws:SourceIp",
  "aws:SourceVpce",
  "aws:SourceVpc",
  "aws:SourceArn",
  "aws:SourceAccount",
  "aws:CurrentTime",
  "aws:EpochTime",
  "aws:SecureTransport",
  "aws:MultiFactorAuthPresent",
  "aws:MultiFactorAuthAge",
  "aws:TokenIssueTime",
  "aws:ViaAWSService",
  "aws:UserAgent",
  "aws:ResourceTag/team",
  "aws:RequestTag/team",
  "aws:PrincipalTag/team",
  "kms:ViaService",
  "kms:GrantIsForAWSResource",
  "kms:CallerAccount",
  "iam:PassedToService",
  "iam:AWSServiceName",
  "iam:PolicyARN",
  "iam:PermissionsBoundary",
  "ec2:CreateAction",
  "ec2:Vpc",
  "ec2:Region",
  "ec2:InstanceType",
  "ec2:ResourceTag/team",
];

const MULTIVALUED = [
  "aws:TagKeys",
  "aws:CalledVia",
  "aws:PrincipalOrgPaths",
  "aws:PrincipalServiceNamesList",
  "kms:GrantOperations",
];

describe("multiplicity", () => {
  it.each(SINGLE_VALUED)("has %s as single-valued, as in the service authorization reference", async (key) => {
    expect(multiplicity(key.toLowerCase())).toBe("single");
    expect(isConditionKeyArray(await typeForContextKey(key))).toBe(false);
  });

  it.each(MULTIVALUED)("has %s as multivalued, as in the service authorization reference", async (key) => {
    expect(multiplicity(key.toLowerCase())).toBe("several");
    expect(isConditionKeyArray(await typeForContextKey(key))).toBe(true);
  });

  it("knows no other keys, and none that only begins like one", () => {
    expect(["s3:prefix", "aws:requestedregions", "aws:resourcetag/", "aws:tagkeys2"].map(multiplicity)).toEqual(
      Array.from({ length: 4 }, () => "unknown"),
    );
  });
});
