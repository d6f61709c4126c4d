import "cdktf/lib/testing/adapters/jest";
import { IamGroup } from "@cdktf/provider-aws/lib/iam-group";
import { IamGroupPolicyAttachment } from "@cdktf/provider-aws/lib/iam-group-policy-attachment";
import { IamUserGroupMembership } from "@cdktf/provider-aws/lib/iam-user-group-membership";
import { Testing } from "cdktf";
import { AccessGroup } from "../../src/constructs/access-group";
import { AccessPolicy } from "../../src/constructs/access-policy";
import { AccessUser } from "../../src/constructs/access-user";

Testing.setupJest();

describe("AccessGroup", () => {
  const json = Testing.synthScope((scope) => {
    const user = new AccessUser(scope, "user", { name: "dkp" });
    const policy = new AccessPolicy(scope, "policy", { name: "dkp", statements: [] });
    new AccessGroup(scope, "group", { name: "platform", user, policies: [policy] });
  });

  it("creates the group with path / by default", () => {
    expect(json).toHaveResourceWithProperties(IamGroup, { name: "platform", path: "/" });
  });

  it("has the user as a member", () => {
    expect(json).toHaveResourceWithProperties(IamUserGroupMembership, {
      user: expect.stringMatching(/^\$\{aws_iam_user\..*\.name\}$/),
      groups: [expect.stringMatching(/^\$\{aws_iam_group\..*\.name\}$/)],
    });
  });

  it("has the policy attached", () => {
    expect(json).toHaveResourceWithProperties(IamGroupPolicyAttachment, {
      group: expect.stringMatching(/^\$\{aws_iam_group\..*\.name\}$/),
      policy_arn: expect.stringMatching(/^\$\{aws_iam_policy\..*\.arn\}$/),
    });
  });
});
