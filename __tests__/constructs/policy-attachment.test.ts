import "cdktf/lib/testing/adapters/jest";
import { IamUserPolicyAttachment } from "@cdktf/provider-aws/lib/iam-user-policy-attachment";
import { Testing } from "cdktf";
import { AccessPolicy } from "../../src/constructs/access-policy";
import { AccessUser } from "../../src/constructs/access-user";
import { PolicyAttachment } from "../../src/constructs/policy-attachment";

Testing.setupJest();

const synth = (protect?: boolean) =>
  Testing.synthScope((scope) => {
    const user = new AccessUser(scope, "user", { name: "dkp" });
    const policy = new AccessPolicy(scope, "policy", { name: "dkp", statements: [] });
    new PolicyAttachment(scope, "attachment", { user, policy, protect });
  });

/** The arguments of the attachment. */
const attachment = (json: string) =>
  Object.values<Record<string, unknown>>(JSON.parse(json).resource.aws_iam_user_policy_attachment)[0];

describe("PolicyAttachment", () => {
  it("refers to the resources of user and policy", () => {
    expect(synth()).toHaveResourceWithProperties(IamUserPolicyAttachment, {
      user: expect.stringMatching(/^\$\{aws_iam_user\..*\.name\}$/),
      policy_arn: expect.stringMatching(/^\$\{aws_iam_policy\..*\.arn\}$/),
    });
  });

  it("is never replaced while the policy is protected", () => {
    expect(attachment(synth())).toMatchObject({ lifecycle: { prevent_destroy: true } });
  });

  it("is created before the old one is deleted when the policy can be replaced", () => {
    expect(attachment(synth(false))).toMatchObject({ lifecycle: { create_before_destroy: true } });
  });
});
