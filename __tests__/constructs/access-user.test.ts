import "cdktf/lib/testing/adapters/jest";
import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { Testing } from "cdktf";
import { AccessUser } from "../../src/constructs/access-user";

Testing.setupJest();

describe("AccessUser", () => {
  it("creates a protected user with path / by default", () => {
    const json = Testing.synthScope((scope) => {
      new AccessUser(scope, "user", { name: "deckhouse" });
    });
    expect(json).toHaveResourceWithProperties(IamUser, {
      name: "deckhouse",
      path: "/",
      force_destroy: false,
      lifecycle: { prevent_destroy: true },
    });
    expect(json).not.toContain("permissions_boundary");
  });

  it("takes path, boundary, force_destroy and protection from its props", () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/Limits";
    const json = Testing.synthScope((scope) => {
      new AccessUser(scope, "user", { name: "dkp", path: "/dkp/", permissionsBoundary, forceDestroy: true, protect: false });
    });
    expect(json).toHaveResourceWithProperties(IamUser, {
      name: "dkp",
      path: "/dkp/",
      permissions_boundary: permissionsBoundary,
      force_destroy: true,
      lifecycle: { prevent_destroy: false },
    });
  });
});
