import "cdktf/lib/testing/adapters/jest";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Testing } from "cdktf";
import { AccessPolicy } from "../../src/constructs/access-policy";
import type { PolicyStatement } from "../../src/iam/policy-statements";

Testing.setupJest();

const STATEMENTS: readonly PolicyStatement[] = [
  { sid: "Read", actions: ["ec2:DescribeVpcs", "ec2:DescribeTags"], resources: ["*"], conditions: [] },
  {
    sid: "Write",
    actions: ["ec2:CreateVpc"],
    resources: ["arn:aws:ec2:*:*:vpc/*"],
    conditions: [{ test: "StringEquals", variable: "aws:RequestedRegion", values: ["eu-central-1"] }],
  },
  { effect: "Deny", sid: "No", actions: ["*"], resources: ["*"], conditions: [] },
];

describe("AccessPolicy", () => {
  const json = Testing.synthScope((scope) => {
    new AccessPolicy(scope, "policy", { name: "dkp", statements: STATEMENTS });
  });

  it("renders the statements through a policy document", () => {
    expect(json).toHaveDataSourceWithProperties(DataAwsIamPolicyDocument, {
      statement: [
        { sid: "Read", effect: "Allow", actions: ["ec2:DescribeVpcs", "ec2:DescribeTags"], resources: ["*"] },
        {
          sid: "Write",
          effect: "Allow",
          actions: ["ec2:CreateVpc"],
          resources: ["arn:aws:ec2:*:*:vpc/*"],
          condition: [{ test: "StringEquals", variable: "aws:RequestedRegion", values: ["eu-central-1"] }],
        },
        { sid: "No", effect: "Deny", actions: ["*"], resources: ["*"] },
      ],
    });
  });

  it("creates a new policy before it deletes the old one, and ignores a changed description", () => {
    expect(json).toHaveResourceWithProperties(IamPolicy, {
      name: "dkp",
      path: "/",
      lifecycle: { create_before_destroy: true, prevent_destroy: true, ignore_changes: ["description"] },
    });
  });
});
