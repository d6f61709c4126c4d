import {
  actionDecision,
  parsePolicyDocument,
  type ReadStatement,
  trusts,
} from "../../../../src/cli/account/preflight/policy-reading";
import { NODE_TRUST } from "../../../../src/iam/node-role-permissions";

const ALLOW = { Effect: "Allow", Action: "ec2:DescribeTags", Resource: "*" };
const DENY = { ...ALLOW, Effect: "Deny" };
const CONDITION = { StringEquals: { "aws:RequestedRegion": "eu-central-1" } };

describe("a policy and ec2:DescribeTags", () => {
  it.each<[string, string, readonly ReadStatement[]]>([
    ["allowed", "an Allow", [ALLOW]],
    ["allowed", "another case", [{ ...ALLOW, Action: "EC2:describetags" }]],
    ["allowed", "a list", [{ ...ALLOW, Action: ["s3:*", "ec2:DescribeTags"], Resource: ["*"] }]],
    ["allowed", "wildcards", [{ ...ALLOW, Action: "ec2:Describe?a*" }]],
    ["allowed", "everything", [{ ...ALLOW, Action: "*" }]],
    ["allowed", "NotAction of something else", [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }]],
    ["allowed", "a Deny of a resource that the action does not have", [ALLOW, { ...DENY, Resource: "arn:aws:ec2:*:*:vpc/*" }]],
    ["not allowed", "nothing", []],
    ["not allowed", "another action", [{ ...ALLOW, Action: "ec2:DescribeTag" }]],
    ["not allowed", "a dot, which matches only itself", [{ ...ALLOW, Action: "ec2.DescribeTags" }]],
    [
      "not allowed",
      "an Allow of a resource that the action does not have",
      [{ ...ALLOW, Resource: "arn:aws:ec2:*:*:instance/*" }],
    ],
    ["not allowed", "NotAction of this very action", [{ Effect: "Allow", NotAction: "ec2:*", Resource: "*" }]],
    ["denied", "a Deny beside an Allow", [ALLOW, DENY]],
    ["denied", "a Deny alone", [DENY]],
    ["conditional", "an Allow under a condition", [{ ...ALLOW, Condition: CONDITION }]],
    ["conditional", "a Deny under a condition", [ALLOW, { ...DENY, Condition: CONDITION }]],
    ["conditional", "a NotResource", [{ Effect: "Allow", Action: "ec2:*", NotResource: "arn:aws:ec2:*:*:vpc/*" }]],
    ["not allowed", "a Deny under a condition alone", [{ ...DENY, Condition: CONDITION }]],
  ])("%s by %s", (decision, _, statements) => {
    expect(actionDecision("ec2:DescribeTags", [{ Statement: statements }])).toBe(decision);
  });

  it("can be a single statement without a list, and no statement", () => {
    expect(actionDecision("ec2:DescribeTags", [{ Statement: ALLOW }, {}])).toBe("allowed");
  });

  it("is decoded from the response of IAM", () => {
    expect(parsePolicyDocument(encodeURIComponent(JSON.stringify(NODE_TRUST)))).toEqual(NODE_TRUST);
  });
});

describe("a trust policy and EC2", () => {
  const trust = (Principal: ReadStatement["Principal"], more: ReadStatement = {}) => ({
    Statement: { Effect: "Allow", Action: "sts:AssumeRole", Principal, ...more } as ReadStatement,
  });

  it.each([
    ["allowed", trust({ Service: "ec2.amazonaws.com" })],
    ["allowed", trust({ Service: ["lambda.amazonaws.com", "ec2.amazonaws.com"] }, { Action: "sts:*" })],
    ["conditional", trust({ Service: "ec2.amazonaws.com" }, { Condition: CONDITION })],
    ["not allowed", trust({ Service: "lambda.amazonaws.com" })],
    ["not allowed", trust({ AWS: "ec2.amazonaws.com" })],
    ["not allowed", trust("*")],
    ["not allowed", trust({ Service: "ec2.amazonaws.com" }, { Action: "sts:TagSession" })],
    ["denied", trust({ Service: "ec2.amazonaws.com" }, { Effect: "Deny" })],
  ])("%s: %j", (decision, policy) => {
    expect(trusts(policy, ["ec2.amazonaws.com"])).toBe(decision);
  });
});
