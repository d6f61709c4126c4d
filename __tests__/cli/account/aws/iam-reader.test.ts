import { IamReader } from "../../../../src/cli/account/aws/iam-reader";
import { AwsError } from "../../../../src/cli/account/aws/operations";

const USER = { UserName: "deckhouse" };

const reader = (answer: () => Promise<unknown>) =>
  new IamReader({ call: answer as () => Promise<never> });
const fails = (error: Error) => reader(() => Promise.reject(error));
const missing = new AwsError("iam:GetUser", "NoSuchEntity", "no user");

describe("IamReader", () => {
  it("returns an object, and the items of all pages of a list", async () => {
    expect(await reader(async () => [{ User: { UserName: "a" } }]).object("user", "a")).toEqual({
      value: { UserName: "a" },
    });
    const pages = reader(async () => [{ PolicyNames: ["a"] }, {}, { PolicyNames: ["b", "c"] }]);
    expect(
      await pages.list("iam:ListUserPolicies", USER, ({ PolicyNames }) => PolicyNames),
    ).toEqual({ value: ["a", "b", "c"] });
  });

  it("takes an object that IAM does not have as absent, not as unread", async () => {
    expect(await fails(missing).object("user", "deckhouse")).toEqual({ value: undefined });
    expect(
      await fails(missing).list("iam:ListUserPolicies", USER, ({ PolicyNames }) => PolicyNames),
    ).toEqual({ value: [] });
  });

  it("returns why something cannot be read", async () => {
    const error = new AwsError("iam:GetUser", "AccessDenied", "not authorized");
    const denied = fails(error);
    const unread = { unread: "iam:GetUser: AccessDenied: not authorized", error };
    expect(await denied.object("user", "deckhouse")).toEqual(unread);
    expect(await denied.list("iam:ListUserPolicies", USER, () => [])).toEqual(unread);
  });

  it("makes each call once for a report, whatever it returns", async () => {
    const calls: string[] = [];
    const account = new IamReader({
      call: (async (action: string) => calls.push(action) && [{}]) as never,
    }).once();
    await Promise.all([
      account.groups("a"),
      account.groups("a"),
      account.groups("b"),
      account.inline("user", "a"),
    ]);
    expect(calls).toEqual([
      "iam:ListGroupsForUser",
      "iam:ListGroupsForUser",
      "iam:ListUserPolicies",
    ]);
  });

  it("throws errors that are not about AWS", async () => {
    await expect(fails(new TypeError("wrong")).object("user", "deckhouse")).rejects.toThrow(
      "wrong",
    );
  });
});
