import type { Aws } from "../../../../src/cli/account/aws/client";
import { userWorld } from "../../../../src/cli/account/rotate/world";
import { type Answers, callsOf } from "../../../helpers/aws-answers";
import { deployment } from "../../../helpers/deployment";

const ownerOf = (answers: Answers) => {
  const aws = { call: callsOf(answers, "error NoSuchEntity") };
  return userWorld(aws as unknown as Aws, deployment()).ownerOf("AKIAIOSFODNN7EXAMPLE");
};

describe("the owner of a leaked key", () => {
  it("is the user that IAM names, and none where IAM denies the call for this key", async () => {
    expect(await ownerOf({ GetAccessKeyLastUsed: { UserName: "bob" } })).toBe("bob");
    expect(await ownerOf({})).toBeUndefined();
    expect(await ownerOf({ GetAccessKeyLastUsed: "error AccessDenied" })).toBeUndefined();
  });

  it("is not unknown because of another error", async () => {
    await expect(ownerOf({ GetAccessKeyLastUsed: "error timed out" })).rejects.toThrow("why");
  });
});
