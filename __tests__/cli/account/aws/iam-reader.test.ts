import { IamReader } from "../../../../src/cli/account/aws/iam-reader";
import { AwsError } from "../../../../src/cli/account/aws/operations";

const USER = { UserName: "deckhouse" };

/** A reader of an AWS that gives one answer to every call. */
const reader = (answer: () => Promise<unknown>) => new IamReader({ call: answer as () => Promise<never> }, "us-east-1");
const fails = (error: Error) => reader(() => Promise.reject(error));
const missing = new AwsError("iam:GetUser", "NoSuchEntity", "no user");

describe("IamReader", () => {
  it("returns an object, and the items of all pages of a list", async () => {
    expect(await reader(async () => [{ User: { UserName: "a" } }]).object("user", "a")).toEqual({ value: { UserName: "a" } });
    const pages = reader(async () => [{ PolicyNames: ["a"] }, {}, { PolicyNames: ["b", "c"] }]);
    expect(await pages.list("iam:ListUserPolicies", USER, ({ PolicyNames }) => PolicyNames)).toEqual({ value: ["a", "b", "c"] });
  });

  it("takes an object that IAM does not have as absent, not as unread", async () => {
    expect(await fails(missing).object("user", "deckhouse")).toEqual({ value: undefined });
    expect(await fails(missing).list("iam:ListUserPolicies", USER, ({ PolicyNames }) => PolicyNames)).toEqual({ value: [] });
  });

  it("returns why something cannot be read", async () => {
    const denied = fails(new AwsError("iam:GetUser", "AccessDenied", "not authorized"));
    expect(await denied.object("user", "deckhouse")).toEqual({ unread: "iam:GetUser: AccessDenied: not authorized" });
    expect(await denied.list("iam:ListUserPolicies", USER, () => [])).toEqual({
      unread: "iam:GetUser: AccessDenied: not authorized",
    });
  });

  it("throws errors that are not about AWS", async () => {
    await expect(fails(new TypeError("wrong")).object("user", "deckhouse")).rejects.toThrow("wrong");
  });
});
