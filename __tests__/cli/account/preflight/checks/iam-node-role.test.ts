import {
  judgeMissingNodeRole,
  judgeNodeRole,
  type NodeRoleFacts,
} from "../../../../../src/cli/account/preflight/checks/iam-node-role";
import { NODE_TRUST, nodePolicy } from "../../../../../src/iam/node-role-permissions";

const ALLOW = { Effect: "Allow", Action: "ec2:DescribeTags", Resource: "*" };
const DENY = { ...ALLOW, Effect: "Deny" };
const CONDITION = { StringEquals: { "aws:RequestedRegion": "eu-central-1" } };

describe("the role of iamNodeRole", () => {
  const ROLE: NodeRoleFacts = { name: "nodes", path: "/", trust: NODE_TRUST, policies: [nodePolicy([])], unread: [] };
  const judged = (facts: Partial<NodeRoleFacts>, path?: string) =>
    judgeNodeRole({ ...ROLE, ...facts }, path).map(({ verdict, found }) => `${verdict}: ${found}`);

  it.each<[string, Partial<NodeRoleFacts>, readonly string[]]>([
    ["has what DKP requires", {}, ["ok: nodes trusts EC2 and allows ec2:DescribeTags and ec2:DescribeInstances"]],
    [
      "has no permissions",
      { policies: [] },
      ["failed: nodes cannot call ec2:DescribeTags", "failed: nodes cannot call ec2:DescribeInstances"],
    ],
    [
      "is denied one of the two",
      { policies: [nodePolicy([]), { Statement: DENY }] },
      ["failed: nodes cannot call ec2:DescribeTags: a policy denies it"],
    ],
    [
      "has a boundary that lacks one of the two",
      { boundary: { Statement: ALLOW } },
      ["failed: nodes cannot call ec2:DescribeInstances: its permissions boundary denies it"],
    ],
    [
      "has a boundary that allows both",
      { boundary: { Statement: { ...ALLOW, Action: "ec2:*" } } },
      [expect.stringMatching(/^ok/)],
    ],
    [
      "has a policy that cannot be read",
      { unread: ["iam:GetPolicy returned AccessDenied"] },
      [
        "unknown: it is unknown whether nodes may call ec2:DescribeTags: iam:GetPolicy returned AccessDenied",
        "unknown: it is unknown whether nodes may call ec2:DescribeInstances: iam:GetPolicy returned AccessDenied",
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
      ["unknown: nodes may call ec2:DescribeTags under a condition"],
    ],
    [
      "has a condition on its trust",
      { trust: { Statement: { ...NODE_TRUST.Statement[0], Condition: CONDITION } } },
      ["unknown: nodes trusts EC2 under a condition"],
    ],
  ])("%s", (_, facts, findings) => {
    expect(judged(facts)).toEqual(findings);
  });

  it("must have the path of the policy, unless the policy covers every role", () => {
    expect(judged({ path: "/apps/" })).toEqual([expect.stringMatching(/^ok/)]);
    expect(judged({ path: "/apps/" }, "/")).toEqual([
      "failed: the path of nodes is /apps/, and the policy allows DKP to pass it under /",
    ]);
  });

  it("fails if it does not exist and the deployment does not create it", () => {
    expect(judgeMissingNodeRole("nodes", "nodes").verdict).toBe("ok");
    expect(judgeMissingNodeRole("nodes", undefined).verdict).toBe("failed");
    expect(judgeMissingNodeRole("nodes", "others").verdict).toBe("failed");
  });
});
