import { NODE_TRUST, nodePolicy } from "../../../src/iam/node-role-permissions";
import { judgeMissingNodeRole, judgeNodeRole, type NodeRoleFacts } from "../../../src/preflight/checks/iam-node-role";
import { decide, type ReadStatement, readPolicy, trusts } from "../../../src/preflight/policy-reading";

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
    ["not allowed", "a point that is no point", [{ ...ALLOW, Action: "ec2.DescribeTags" }]],
    [
      "not allowed",
      "an Allow of a resource that the action does not have",
      [{ ...ALLOW, Resource: "arn:aws:ec2:*:*:instance/*" }],
    ],
    ["not allowed", "NotAction of this very action", [{ Effect: "Allow", NotAction: "ec2:*", Resource: "*" }]],
    ["refused", "a Deny beside an Allow", [ALLOW, DENY]],
    ["refused", "a Deny alone", [DENY]],
    ["perhaps", "an Allow under a condition", [{ ...ALLOW, Condition: CONDITION }]],
    ["perhaps", "a Deny under a condition", [ALLOW, { ...DENY, Condition: CONDITION }]],
    ["perhaps", "a NotResource", [{ Effect: "Allow", Action: "ec2:*", NotResource: "arn:aws:ec2:*:*:vpc/*" }]],
    ["not allowed", "a Deny under a condition alone", [{ ...DENY, Condition: CONDITION }]],
  ])("%s by %s", (decision, _, statements) => {
    expect(decide("ec2:DescribeTags", [{ Statement: statements }])).toBe(decision);
  });

  it("may have one statement without a list around it, and none", () => {
    expect(decide("ec2:DescribeTags", [{ Statement: ALLOW }, {}])).toBe("allowed");
  });

  it("is read from what IAM sends", () => {
    expect(readPolicy(encodeURIComponent(JSON.stringify(NODE_TRUST)))).toEqual(NODE_TRUST);
  });
});

describe("a trust policy and EC2", () => {
  const trust = (Principal: ReadStatement["Principal"], more: ReadStatement = {}) => ({
    Statement: { Effect: "Allow", Action: "sts:AssumeRole", Principal, ...more } as ReadStatement,
  });

  it.each([
    ["allowed", trust({ Service: "ec2.amazonaws.com" })],
    ["allowed", trust({ Service: ["lambda.amazonaws.com", "ec2.amazonaws.com"] }, { Action: "sts:*" })],
    ["perhaps", trust({ Service: "ec2.amazonaws.com" }, { Condition: CONDITION })],
    ["not allowed", trust({ Service: "lambda.amazonaws.com" })],
    ["not allowed", trust({ AWS: "ec2.amazonaws.com" })],
    ["not allowed", trust("*")],
    ["not allowed", trust({ Service: "ec2.amazonaws.com" }, { Action: "sts:TagSession" })],
    ["refused", trust({ Service: "ec2.amazonaws.com" }, { Effect: "Deny" })],
  ])("%s: %j", (decision, policy) => {
    expect(trusts(policy, ["ec2.amazonaws.com"])).toBe(decision);
  });
});

describe("the role of iamNodeRole", () => {
  const ROLE: NodeRoleFacts = { name: "nodes", path: "/", trust: NODE_TRUST, policies: [nodePolicy([])], unread: [] };
  const judged = (facts: Partial<NodeRoleFacts>, path?: string) =>
    judgeNodeRole({ ...ROLE, ...facts }, path).map(({ verdict, found }) => `${verdict}: ${found}`);

  it.each<[string, Partial<NodeRoleFacts>, readonly string[]]>([
    ["has what DKP needs", {}, ["ok: nodes trusts EC2 and allows ec2:DescribeTags and ec2:DescribeInstances"]],
    [
      "may do nothing",
      { policies: [] },
      ["blocker: nodes can't call ec2:DescribeTags", "blocker: nodes can't call ec2:DescribeInstances"],
    ],
    [
      "is denied one of the two",
      { policies: [nodePolicy([]), { Statement: DENY }] },
      ["blocker: nodes can't call ec2:DescribeTags: a policy denies it"],
    ],
    [
      "has a boundary that lacks one of the two",
      { boundary: { Statement: ALLOW } },
      ["blocker: nodes can't call ec2:DescribeInstances: its permissions boundary denies it"],
    ],
    [
      "has a boundary that leaves it both",
      { boundary: { Statement: { ...ALLOW, Action: "ec2:*" } } },
      [expect.stringMatching(/^ok/)],
    ],
    [
      "has a policy that nobody may read",
      { unread: ["iam:GetPolicy answered AccessDenied"] },
      [
        "cannot tell: nodes may or may not call ec2:DescribeTags: iam:GetPolicy answered AccessDenied",
        "cannot tell: nodes may or may not call ec2:DescribeInstances: iam:GetPolicy answered AccessDenied",
      ],
    ],
    [
      "has a condition on one of the two",
      {
        policies: [
          {
            Statement: [
              { ...ALLOW, Condition: CONDITION },
              { ...ALLOW, Action: "ec2:DescribeInstances" },
            ],
          },
        ],
      },
      ["cannot tell: nodes may call ec2:DescribeTags under a condition"],
    ],
    [
      "has a condition on its trust",
      { trust: { Statement: { ...NODE_TRUST.Statement[0], Condition: CONDITION } } },
      ["cannot tell: nodes trusts EC2 under a condition"],
    ],
  ])("%s", (_, facts, findings) => {
    expect(judged(facts)).toEqual(findings);
  });

  it("has a path of its own only where the policy names roles", () => {
    expect(judged({ path: "/apps/" })).toEqual([expect.stringMatching(/^ok/)]);
    expect(judged({ path: "/apps/" }, "/")).toEqual([
      "blocker: the path of nodes is /apps/, and the policy lets DKP pass it under /",
    ]);
  });

  it("that is not there is this deployment's to make, or nobody's", () => {
    expect(judgeMissingNodeRole("nodes", "nodes").verdict).toBe("ok");
    expect(judgeMissingNodeRole("nodes", undefined).verdict).toBe("blocker");
    expect(judgeMissingNodeRole("nodes", "others").verdict).toBe("blocker");
  });
});
