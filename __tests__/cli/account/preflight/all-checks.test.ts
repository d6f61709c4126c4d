import { Aws } from "../../../../src/cli/account/aws/client";
import { ADMIN_ACTIONS, adminPolicy, CHECKS } from "../../../../src/cli/account/preflight/all-checks";

describe("the preflight", () => {
  it("cannot make a call that changes anything", async () => {
    const aws = new Aws({ alwaysOnRegion: "us-east-1", signal: new AbortController().signal });
    await expect(aws.ask("ec2:CreateVpc" as never, {} as never, "eu-central-1")).rejects.toThrow(
      "ec2:CreateVpc is not a call that only reads",
    );
  });

  it("lists only actions that read", () => {
    expect(ADMIN_ACTIONS.filter((action) => !/:(Describe|Get|List|Simulate)/.test(action))).toEqual([]);
  });

  it("requires a policy with the calls that its checks list", () => {
    expect(adminPolicy()).toEqual({
      Version: "2012-10-17",
      Statement: [{ Sid: "DkpPreflight", Effect: "Allow", Action: ADMIN_ACTIONS, Resource: "*" }],
    });
    expect(CHECKS.flatMap(({ calls }) => calls).filter((call) => !ADMIN_ACTIONS.includes(call))).toEqual([]);
  });
});
