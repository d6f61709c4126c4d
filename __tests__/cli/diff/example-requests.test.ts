import { exampleRequests } from "../../../src/cli/diff/example-requests";
import type { ActionChange } from "../../../src/cli/diff/rules";
import { CATALOGUE } from "../../../src/iam/catalogue";

const change = (action: string, access: ActionChange["access"], ...resources: readonly string[]): ActionChange => ({
  action,
  access,
  area: "nodes",
  before: [],
  after: resources.map((resource) => ({ resource, conditions: [] })),
});

describe("exampleRequests", () => {
  it("takes a resource of the types of the action where every resource is allowed", () => {
    expect(exampleRequests([change("ec2:TerminateInstances", "Write", "*"), change("iam:GetRole", "Read", "*")])).toEqual([
      { action: "ec2:TerminateInstances", resource: "arn:aws:ec2:us-east-1:ACCOUNT_ID:instance/i-0123456789abcdef0" },
      { action: "iam:GetRole", resource: "arn:aws:iam::ACCOUNT_ID:role/example" },
    ]);
  });

  it("fills the wildcards of an ARN, in the Region and the partition of the policy", () => {
    expect(
      exampleRequests([
        change("ec2:TerminateInstances", "Write", "arn:*:ec2:*:*:instance/*", "arn:aws-cn:ec2:cn-north-1:123456789012:*"),
      ]),
    ).toEqual([
      { action: "ec2:TerminateInstances", resource: "arn:aws-cn:ec2:cn-north-1:ACCOUNT_ID:instance/example" },
      { action: "ec2:TerminateInstances", resource: "arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-0123456789abcdef0" },
    ]);
  });

  it("takes the Region and the account of the deployment", () => {
    const [request] = exampleRequests([change("ec2:ReplaceRoute", "Write", "*")], {
      region: "eu-west-1",
      account: "123456789012",
    });
    expect(request?.resource).toBe("arn:aws:ec2:eu-west-1:123456789012:route-table/rtb-0123456789abcdef0");
  });

  it("lists actions that change something first, and leaves out patterns of actions", () => {
    const changes = [
      change("ec2:DescribeVpcs", "List", "*"),
      change("s3:*", "unknown", "*"),
      change("s3:getobject", "unknown", "arn:aws:s3:::bucket/*"),
      change("kms:CreateGrant", "Permissions management", "*"),
    ];
    expect(exampleRequests(changes)).toEqual([
      { action: "kms:CreateGrant", resource: "arn:aws:kms:us-east-1:ACCOUNT_ID:key/01234567-89ab-cdef-0123-456789abcdef" },
      { action: "ec2:DescribeVpcs", resource: "*" },
      { action: "s3:getobject", resource: "arn:aws:s3:::bucket/example" },
    ]);
  });

  it("takes all actions of the catalogue where no single action is broadened", () => {
    expect(new Set(exampleRequests([]).map(({ action }) => action))).toEqual(new Set(CATALOGUE.map(({ action }) => action)));
  });
});
