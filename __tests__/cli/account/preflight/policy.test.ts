import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../../../../src/cli/account/aws/client";
import { CHECKS } from "../../../../src/cli/account/preflight/all-checks";
import { ADMIN_ACTIONS, adminPolicy } from "../../../../src/cli/account/preflight/policy";
import { PROJECT } from "../../../helpers/project-root";

describe("the preflight", () => {
  it("cannot make a call that changes anything", async () => {
    const aws = connect({ alwaysOnRegion: "us-east-1", signal: new AbortController().signal });
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

  it("has its permissions in the documentation", () => {
    const text = readFileSync(join(PROJECT, "docs/how-to/preflight.md"), "utf8");
    const [, section = ""] = text.split("## Required permissions");
    const [list = ""] = section.split("With `provider.assumeRoleArn`");
    expect([...list.matchAll(/`([a-z0-9]+:[A-Za-z0-9]+)`/g)].map(([, action]) => action).sort()).toEqual(ADMIN_ACTIONS);
  });
});
