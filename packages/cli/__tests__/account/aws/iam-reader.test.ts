import { IamReader } from "../../../src/account/aws/iam-reader";

const USER = { UserName: "deckhouse" };

const reader = (answer: () => Promise<unknown>) =>
  new IamReader({ call: answer as () => Promise<never> });

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
    const failing = reader(() => Promise.reject(new TypeError("wrong")));
    await expect(failing.object("user", "deckhouse")).rejects.toThrow("wrong");
  });
});
