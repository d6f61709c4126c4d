import type { IamKey } from "../../../../src/cli/account/aws/iam-reader";
import {
  type LeakWorld,
  leakPlan,
  leakPlanText,
  respond,
} from "../../../../src/cli/account/rotate/leak";

const NOW = new Date("2026-12-01T02:00:00Z");
const used = { at: new Date("2026-12-01T01:00:00Z"), service: "ec2", region: "eu-central-1" };
const key = (id: string, status: "Active" | "Inactive" = "Active") => ({
  id,
  status,
  created: NOW,
  lastUsed: used,
});

class Account implements LeakWorld {
  readonly calls: string[] = [];
  isAway = false;
  private created = 0;

  constructor(
    readonly own: IamKey[],
    public secret: string,
  ) {}

  private async write<T>(name: string, effect: () => T) {
    this.calls.push(name);
    return effect();
  }

  now = () => NOW;
  keys = async () => [...this.own];
  dkpKey = async () => {
    if (this.isAway) {
      throw new Error("away");
    }
    return this.secret;
  };
  createKey = () =>
    this.write("create", () => {
      if (this.own.length > 1) {
        throw new Error("LimitExceeded");
      }
      this.created += 1;
      this.own.push({ id: `NEW${this.created}`, status: "Active", created: NOW });
      return { id: `NEW${this.created}`, secret: "" };
    });
  accepts = async () => undefined;
  give = ({ id }: { readonly id: string }) =>
    this.write(`give ${id}`, () => {
      this.secret = id;
      return undefined;
    });
  setStatus = (id: string, status: "Active" | "Inactive") =>
    this.write(`${status} ${id}`, () => {
      const index = this.own.findIndex((each) => each.id === id);
      this.own[index] = { ...(this.own[index] as IamKey), status };
    });
  deleteKey = (id: string) =>
    this.write(
      `delete ${id}`,
      () => void this.own.splice(0, 9, ...this.own.filter((each) => each.id !== id)),
    );
  ownerOf = async (id: string) => (id === "BOB" ? "bob" : undefined);
  denySessions = () => this.write("deny", () => undefined);

  async respond(...leaked: readonly string[]) {
    const found = await respond(this, await leakPlan(this, leaked, "deckhouse"), "aws ...");
    return found.map(({ rule }) => rule);
  }
}

describe("the response to a leak", () => {
  it.each([
    [
      "of DKP's only key",
      [key("A")],
      "A",
      ["A"],
      ["create", "give NEW1", "Inactive A", "deny", "delete A"],
    ],
    [
      "of DKP's key beside a former one",
      [key("A"), key("B")],
      "A",
      ["A"],
      ["delete B", "create", "give NEW1", "Inactive A", "deny", "delete A"],
    ],
    [
      "of both keys",
      [key("A"), key("B")],
      "A",
      ["A", "B"],
      ["delete B", "create", "give NEW1", "Inactive A", "deny", "delete A", "delete B"],
    ],
    [
      "of an Inactive key that DKP has",
      [key("A", "Inactive"), key("B")],
      "A",
      ["A"],
      ["delete A", "create", "give NEW1", "deny", "delete A"],
    ],
    [
      "of DKP's key that nothing has used yet",
      [{ ...key("A"), lastUsed: undefined }, key("B")],
      "A",
      ["A"],
      ["delete A", "create", "give NEW1", "deny", "delete A"],
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
      ["create", "give NEW1", "deny"],
    ],
  ] as const)(
    "gives DKP another key first where it has to: %s",
    async (_, keys, secret, leaked, calls) => {
      const account = new Account([...keys], secret);
      await account.respond(...leaked);
      expect(account.calls).toEqual(calls);
    },
  );

  it("does nothing about a key of another user", async () => {
    const account = new Account([key("A")], "A");
    await expect(account.respond("A", "BOB")).rejects.toThrow(
      '--leaked: BOB is a key of the user "bob", and not of "deckhouse"; nothing was changed',
    );
    expect(account.calls).toEqual([]);
  });

  it("ends the leaked key also where the cluster refuses the new one, or cannot be read", async () => {
    const refusing = new Account([key("A")], "A");
    refusing.give = async () => new Error("no permission") as never;
    expect([await refusing.respond("A"), refusing.own]).toEqual([
      ["not-given", "sessions-denied", "leaked-deleted"],
      [],
    ]);
    const away = new Account([key("A")], "A");
    away.isAway = true;
    expect([await away.respond("A"), away.own]).toEqual([
      ["sessions-denied", "leaked-deleted", "cluster-unread"],
      [],
    ]);
  });

  it("passes another key to a file or a command first, whichever key DKP has", async () => {
    const run = async (keys: readonly IamKey[], ...leaked: readonly string[]) => {
      const account = new Account([...keys], "A");
      account.isAway = true;
      const elsewhere = {
        name: "provider.yaml",
        async create() {
          const { id } = await account.createKey();
          return { rule: "leak-new-key", values: { key: id, to: "provider.yaml" } } as const;
        },
      };
      const rules = await Object.assign(account, { elsewhere }).respond(...leaked);
      expect(rules).toEqual(expect.arrayContaining(["leak-new-key", "sessions-denied"]));
      return account.calls;
    };
    const ends = ["Inactive A", "deny", "delete A"];
    expect(await run([key("A")], "A")).toEqual(["create", ...ends]);
    // DKP may have the other one.
    const unused = { ...key("B"), lastUsed: undefined };
    expect(await run([key("A"), unused], "A")).toEqual(["delete A", "create", "deny", "delete A"]);
    expect(await run([key("A"), unused], "A", "B")).toEqual([
      ...["delete B", "create", ...ends, "delete B"],
    ]);
  });

  it("ends the leaked key of a cluster that Commander manages, which gets no other one", async () => {
    const account = Object.assign(new Account([key("A"), key("B")], "A"), { refusal: "Commander" });
    const plan = await leakPlan(account, ["A"], "deckhouse");
    expect(leakPlanText(plan, NOW, account)).toContain("- DKP gets no other key: Commander. With ");
    const [first] = await respond(account, plan, "aws ...");
    expect(first).toEqual({
      rule: "not-given",
      values: { reason: "Commander", options: "--out FILE" },
    });
    expect(account.calls).toEqual(["Inactive A", "deny", "delete A"]);
  });

  it("reports that DKP's key does not work, also where it is not the leaked one", async () => {
    expect(await new Account([key("B")], "GONE").respond("B")).toEqual([
      "sessions-denied",
      "leaked-deleted",
      "not-given",
    ]);
  });

  it("gives DKP another key where another response has deleted the new one", async () => {
    const account = new Account([key("A")], "A");
    const { give } = account;
    account.give = async (given) => {
      await give(given);
      account.own.splice(0, 9, ...account.own.filter(({ id }) => id !== "NEW1"));
      return undefined;
    };
    expect(await account.respond("A")).toEqual(["given", "sessions-denied", "leaked-deleted"]);
    expect([account.secret, account.own.map(({ id }) => id)]).toEqual(["NEW2", ["NEW2"]]);
  });

  it("shows its plan", async () => {
    const plan = await leakPlan(new Account([key("A"), key("B")], "A"), ["A"], "deckhouse");
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
});
