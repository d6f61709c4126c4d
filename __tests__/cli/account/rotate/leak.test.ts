import { DRIFT_RULES } from "../../../../src/cli/account/drift/drift-rules";
import { leakPlan, leakPlanText, respond } from "../../../../src/cli/account/rotate/leak";
import { ROTATE_RULES } from "../../../../src/cli/account/rotate/rotate-rules";
import { SESSION_HOURS } from "../../../../src/cli/iam/leaked-key";
import { Account } from "../../../helpers/rotation-account";

const NOW = new Date("2026-12-01T02:00:00Z");
const unused = (id: string, status: "Active" | "Inactive" = "Active") => ({
  id,
  status,
  created: NOW,
  uses: [],
});
const key = (...of: Parameters<typeof unused>) => ({
  ...unused(...of),
  uses: [{ at: new Date("2026-12-01T01:00:00Z"), service: "ec2" }],
});

function accountWith(keys: readonly ReturnType<typeof key>[], secret: string, more = {}) {
  const account = new Account(NOW);
  for (const each of keys) {
    account.set(each);
  }
  account.secret = secret;
  const world = Object.assign(account.world(), more);
  const response = async (...leaked: readonly string[]) => {
    const found = await respond(world, await leakPlan(world, leaked, "deckhouse"), "aws ...");
    return found.map(({ rule }) => rule);
  };
  return { account, world, response };
}

describe("the response to a leak", () => {
  it.each([
    [
      "of DKP's only key",
      [key("A")],
      "A",
      ["A"],
      ["create", "give K1", "Inactive A", "deny", "delete A"],
    ],
    [
      "of DKP's key beside a former one",
      [key("A"), key("B")],
      "A",
      ["A"],
      ["delete B", "create", "give K1", "Inactive A", "deny", "delete A"],
    ],
    [
      "of both keys",
      [key("A"), key("B")],
      "A",
      ["A", "B"],
      [
        ...["delete B", "create", "give K1"],
        ...["Inactive A", "Inactive B", "deny", "delete A", "delete B"],
      ],
    ],
    [
      "of an Inactive key that DKP has",
      [key("A", "Inactive"), key("B")],
      "A",
      ["A"],
      ["delete A", "create", "give K1", "Inactive A", "deny", "delete A"],
    ],
    [
      "of DKP's key that nothing has used yet",
      [unused("A"), key("B")],
      "A",
      ["A"],
      ["delete A", "create", "give K1", "Inactive A", "deny", "delete A"],
    ],
    [
      "of a key that DKP does not have",
      [key("A"), key("B")],
      "A",
      ["B"],
      ["Inactive B", "deny", "delete B"],
    ],
    ["of a key that is gone", [key("A")], "A", ["GONE"], ["deny"]],
    [
      "of a key that is gone, and that DKP has",
      [],
      "GONE",
      ["GONE"],
      ["create", "give K1", "deny"],
    ],
  ] as const)(
    "gives DKP another key first where it has to: %s",
    async (_, keys, secret, leaked, calls) => {
      const { account, response } = accountWith(keys, secret);
      await response(...leaked);
      expect(account.calls).toEqual(calls);
    },
  );

  it("does nothing about a key of another user", async () => {
    const { account, response } = accountWith([key("A")], "A");
    await expect(response("A", "BOB")).rejects.toThrow(
      '--leaked: BOB is a key of the user "bob", and not of "deckhouse"; nothing was changed',
    );
    expect(account.calls).toEqual([]);
  });

  it("ends the leaked key also where the cluster refuses the new one, or cannot be read", async () => {
    const refusing = accountWith([key("A")], "A", { give: async () => new Error("no") });
    expect([await refusing.response("A"), refusing.account.keys()]).toEqual([
      ["not-given", "sessions-denied", "leaked-deleted"],
      [],
    ]);
    const away = accountWith([key("A")], "A");
    away.account.isAway = true;
    expect([await away.response("A"), away.account.keys()]).toEqual([
      ["sessions-denied", "leaked-deleted", "cluster-unread"],
      [],
    ]);
  });

  it("deactivates each leaked key before a Deny that may fail, also one that was to make room", async () => {
    const { account, world } = accountWith([unused("A"), key("B")], "A", {
      denySessions: () => Promise.reject(new Error("not authorized")),
    });
    const plan = await leakPlan(world, ["A"], "deckhouse");
    account.isAway = true;
    await expect(respond(world, plan, "aws ...")).rejects.toThrow("not authorized");
    expect([plan.forSlot?.id, account.calls]).toEqual(["A", ["Inactive A"]]);
  });

  it("passes another key to a file or a command first, whichever key DKP has", async () => {
    const run = async (keys: readonly ReturnType<typeof key>[], ...leaked: readonly string[]) => {
      const { account, world, response } = accountWith(keys, "A", {
        elsewhere: {
          name: "provider.yaml",
          async create() {
            const { id } = await world.createKey();
            return { rule: "leak-new-key", values: { key: id, to: "provider.yaml" } };
          },
        },
      });
      account.isAway = true;
      const rules = await response(...leaked);
      expect(rules).toEqual(expect.arrayContaining(["leak-new-key", "sessions-denied"]));
      return account.calls;
    };
    const ends = ["Inactive A", "deny", "delete A"];
    expect(await run([key("A")], "A")).toEqual(["create", ...ends]);
    // DKP may have the other one.
    const keys = [key("A"), unused("B")];
    expect(await run(keys, "A")).toEqual(["delete A", "create", ...ends]);
    expect(await run(keys, "A", "B")).toEqual([
      ...["delete B", "create", "Inactive A", "Inactive B", "deny", "delete A", "delete B"],
    ]);
  });

  it("ends the leaked key of a cluster that Commander manages, which gets no other one", async () => {
    const { account, world } = accountWith([key("A"), key("B")], "A", { refusal: "Commander" });
    const plan = await leakPlan(world, ["A"], "deckhouse");
    expect(leakPlanText(plan, NOW, world)).toContain("- DKP gets no other key: Commander. With ");
    const [first] = await respond(world, plan, "aws ...");
    expect(first).toEqual({
      rule: "not-given",
      values: { reason: "Commander", options: "--out FILE" },
    });
    expect(account.calls).toEqual(["Inactive A", "deny", "delete A"]);
  });

  it("reports that DKP's key does not work, also where it is not the leaked one", async () => {
    expect(await accountWith([key("B")], "GONE").response("B")).toEqual([
      "sessions-denied",
      "leaked-deleted",
      "not-given",
    ]);
  });

  it("gives DKP another key where another response has deleted the new one", async () => {
    const { account, world, response } = accountWith([key("A")], "A");
    const { give } = world;
    world.give = async (given) => {
      await give(given);
      account.delete("K1");
      return undefined;
    };
    expect(await response("A")).toEqual(["given", "sessions-denied", "leaked-deleted"]);
    expect([account.secret, account.keys().map(({ id }) => id)]).toEqual(["K2", ["K2"]]);
  });

  it("shows its plan", async () => {
    const plan = await leakPlan(accountWith([key("A"), key("B")], "A").world, ["A"], "deckhouse");
    expect(
      leakPlanText(plan, NOW),
    ).toBe(`If the key leaked from the cluster or from this computer, the new key leaks too: stop that first.
- delete B, because IAM allows only two keys (last used 2026-12-01 01:00 UTC by ec2 in eu-central-1)
- create a key, and give it to the cluster; AWS denies DKP's calls until its components have restarted with it
- deactivate A (last used 2026-12-01 01:00 UTC by ec2 in eu-central-1)
- deny sessions that were issued before 2026-12-01 02:15 UTC
- delete A
`);
  });

  it("keeps the Deny until the longest session has ended", () => {
    const hours = `${SESSION_HOURS} hours after`;
    const values = { stack: "deckhouse", before: "now", removal: "aws" };
    expect(ROTATE_RULES["sessions-denied"].remedy?.(values)).toContain(hours);
    expect(DRIFT_RULES["own-denial"].remedy?.({ ...values, id: "Deny" })).toContain(hours);
  });
});
