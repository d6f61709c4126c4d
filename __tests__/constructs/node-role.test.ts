import "cdktf/lib/testing/adapters/jest";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Testing } from "cdktf";
import { NodeRole } from "../../src/constructs/node-role";
import { NODE_TRUST, nodePolicy } from "../../src/iam/node-role-permissions";

Testing.setupJest();

describe("NodeRole", () => {
  it("creates a role that EC2 can assume, with the permissions of DKP's default role", () => {
    const json = Testing.synthScope((scope) => {
      new NodeRole(scope, "role", { name: "dev-nodes" });
    });
    expect(json).toHaveResourceWithProperties(IamRole, {
      name: "dev-nodes",
      path: "/",
      assume_role_policy: JSON.stringify(NODE_TRUST),
    });
    expect(json).toHaveResourceWithProperties(IamRolePolicy, { name: "dev-nodes", policy: JSON.stringify(nodePolicy([])) });
    expect(json).not.toHaveResource(IamRolePolicyAttachment);
  });

  it("adds actions, attached policies and a boundary", () => {
    const policyArn = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";
    const json = Testing.synthScope((scope) => {
      new NodeRole(scope, "role", {
        name: "dev-nodes",
        additionalActions: ["s3:GetObject"],
        managedPolicyArns: [policyArn],
        permissionsBoundary: "arn:aws:iam::123456789012:policy/Limits",
      });
    });
    expect(json).toHaveResourceWithProperties(IamRole, { permissions_boundary: "arn:aws:iam::123456789012:policy/Limits" });
    expect(json).toHaveResourceWithProperties(IamRolePolicy, { policy: JSON.stringify(nodePolicy(["s3:GetObject"])) });
    expect(json).toHaveResourceWithProperties(IamRolePolicyAttachment, { policy_arn: policyArn });
  });
});
