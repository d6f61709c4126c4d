import { Account } from "../../../../../__tests__/helpers/rotation-account";
import { Killed } from "../../../../../__tests__/helpers/rotation-runs";
import { AwsError } from "../../../src/account/aws/operations";
import { DRIFT_RULES } from "../../../src/account/drift/drift-rules";
import {
  contained,
  type LeakWorld,
  leakPlan,
  leakPlanText,
  patient,
  respond,
} from "../../../src/account/rotate/leak";
import { ROTATE_RULES } from "../../../src/account/rotate/rotate-rules";
import { exitCodeOf } from "../../../src/findings/finding";

const NOW = new Date("2026-12-01T02:00:00Z");
const unused = (id: string, status: "Active" | "Inactive" = "Active") => ({
  id,
  status,
  created: NOW,
  uses: [],
});
const OLD = new Date("2026-11-01T02:00:00Z");
const old = (...of: Parameters<typeof unused>) => ({ ...unused(...of), created: OLD });
const former = (...of: Parameters<typeof unused>) => ({ ...key(...of), created: OLD });
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

type Row = readonly [
  title: string,
  keys: readonly ReturnType<typeof key>[],
  secret: string,
  leaked: readonly string[],
  calls: readonly string[],
  rules: readonly string[],
];

const ended = (...ids: readonly string[]) => [
  ...ids.map((id) => `Inactive ${id}`),
  "deny",
  ...ids.map((id) => `delete ${id}`),
];

/** What the user has, the key of DKP, the leaked ones; then the calls and what is reported. */
const IN_CLUSTER: readonly Row[] = [
  [
    "DKP's only key",
    [key("A")],
    "A",
    ["A"],
    ["create", "give K1", ...ended("A")],
    ["given", "sessions-denied", "leaked-deleted"],
  ],
  [
    "DKP's key beside one that did not leak",
    [key("A"), key("B")],
    "A",
    ["A"],
    ["delete A", "create", "give K1", ...ended("A")],
    ["given", "sessions-denied", "leaked-deleted"],
  ],
  [
    "DKP's key beside one that nothing used",
    [key("A"), old("B")],
    "A",
    ["A"],
    ["delete A", "create", "give K1", ...ended("A")],
    ["given", "sessions-denied", "leaked-deleted"],
  ],
  [
    "both keys",
    [key("A"), key("B")],
    "A",
    ["A", "B"],
    ["delete B", "create", "give K1", ...ended("A", "B")],
    ["given", "sessions-denied", "leaked-deleted", "leaked-deleted"],
  ],
  [
    "an Inactive key that DKP has",
    [key("A", "Inactive"), key("B")],
    "A",
    ["A"],
    ["delete A", "create", "give K1", ...ended("A")],
    ["given", "sessions-denied", "leaked-deleted"],
  ],
  [
    "a key that DKP does not have, whose key stays",
    [key("A"), key("B")],
    "A",
    ["B"],
    ended("B"),
    ["sessions-denied", "leaked-deleted"],
  ],
  [
    "a key that DKP does not have, whose key does not work",
    [key("A", "Inactive"), key("B")],
    "A",
    ["B"],
    ["delete B", "create", "give K1", ...ended("B")],
    ["given", "sessions-denied", "leaked-deleted"],
  ],
  [
    "a key that is gone, and another one that stays",
    [key("A")],
    "A",
    ["GONE"],
    ["deny"],
    ["sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, and that DKP has",
    [],
    "GONE",
    ["GONE"],
    ["create", "give K1", "deny"],
    ["given", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, where a key that nothing ever used makes room",
    [key("B"), old("C")],
    "GONE",
    ["GONE"],
    ["delete C", "create", "give K1", "deny"],
    ["given", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, where another response is about to give the unused one",
    [key("B"), unused("C")],
    "GONE",
    ["GONE"],
    ["deny"],
    ["not-given", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, where both keys were used",
    [key("B"), key("C", "Inactive")],
    "GONE",
    ["GONE"],
    ["deny"],
    ["not-given", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, where the unused one is DKP's, which does not work",
    [old("A", "Inactive"), key("B")],
    "A",
    ["GONE"],
    ["deny"],
    ["not-given", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key beside one of another user, which is left alone",
    [key("A")],
    "A",
    ["A", "BOB"],
    ["create", "give K1", ...ended("A")],
    ["given", "sessions-denied", "leaked-deleted", "leaked-of-other"],
  ],
];

const ELSEWHERE: readonly Row[] = [
  [
    "DKP's only key",
    [key("A")],
    "A",
    ["A"],
    ["create", ...ended("A")],
    ["leak-new-key", "sessions-denied", "leaked-deleted"],
  ],
  [
    "one of two keys, beside a former one that did not leak",
    [key("A"), former("B")],
    "A",
    ["A"],
    ["delete A", "create", ...ended("A")],
    ["leak-new-key", "sessions-denied", "leaked-deleted"],
  ],
  [
    "one of two keys, where the younger one may be in a file",
    [former("A"), unused("B")],
    "A",
    ["A"],
    ended("A"),
    ["leak-has-key", "sessions-denied", "leaked-deleted"],
  ],
  [
    "both keys, because the file of the younger one is lost",
    [former("A"), unused("B")],
    "A",
    ["A", "B"],
    ["delete A", "create", ...ended("A", "B")],
    ["leak-new-key", "sessions-denied", "leaked-deleted", "leaked-deleted"],
  ],
  [
    "a key that is gone, after a run whose key is Active",
    [unused("B")],
    "A",
    ["A"],
    ["deny"],
    ["leak-has-key", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, beside one that something uses",
    [former("B")],
    "A",
    ["A"],
    ["create", "deny"],
    ["leak-new-key", "sessions-denied", "leaked-gone"],
  ],
  [
    "a key that is gone, without a key",
    [],
    "A",
    ["A"],
    ["create", "deny"],
    ["leak-new-key", "sessions-denied", "leaked-gone"],
  ],
];

function withFile({ world, account }: ReturnType<typeof accountWith>) {
  account.isAway = true;
  const elsewhere = {
    name: "provider.yaml",
    async create() {
      const { id } = await world.createKey();
      return { rule: "leak-new-key" as const, values: { key: id, to: "provider.yaml" } };
    },
  };
  Object.assign(world, { elsewhere });
}

type Loss = "killed before" | "killed after" | "lost before" | "lost after";

/**
 * A world in which a call fails, reads too.
 * @param at which one, counted from 0
 * @returns whether the run came to that call
 */
function losing(world: LeakWorld, at: number, loss: Loss): () => boolean {
  let [calls, isDead] = [0, false];
  const all = world as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  for (const [name, call] of Object.entries(all)) {
    if (name === "now" || name === "elsewhere") {
      continue;
    }
    all[name] = async (...args) => {
      if (isDead) {
        throw new Killed();
      }
      calls += 1;
      if (calls - 1 !== at) {
        return await call(...args);
      }
      isDead = loss.startsWith("killed");
      await (loss.endsWith("after") ? call(...args) : undefined);
      throw new Error("no answer");
    };
  }
  return () => calls > at;
}

const noAnswer = () => Promise.reject(new Error("no answer"));

describe("the response to a leak", () => {
  it.each(IN_CLUSTER)(
    "gives DKP another key first only where it needs one, and ends what is named: %s",
    async (_, keys, secret, leaked, calls, rules) => {
      const { account, response } = accountWith(keys, secret);
      expect([await response(...leaked), account.calls]).toEqual([rules, calls]);
    },
  );

  it.each(ELSEWHERE)(
    "writes another key into a file only where no younger one may be in one: %s",
    async (_, keys, secret, leaked, calls, rules) => {
      const scene = accountWith(keys, secret);
      withFile(scene);
      expect([await scene.response(...leaked), scene.account.calls]).toEqual([rules, calls]);
    },
  );

  it.each([
    ...IN_CLUSTER.map((row) => ["in the cluster", row] as const),
    ...ELSEWHERE.map((row) => ["in a file", row] as const),
  ])(
    "ends the leaked keys, and no other one that was used, whichever call is lost or kills the run, after the same command again: %s, %j",
    async (where, [, keys, secret, leaked]) => {
      const losses: readonly Loss[] = [
        "killed before",
        "killed after",
        "lost before",
        "lost after",
      ];
      const wrong: string[] = [];
      for (const loss of losses) {
        for (let at = 0, isReached = true; isReached; at += 1) {
          const scene = accountWith(keys, secret);
          const { account } = scene;
          const again = Object.assign(account.world());
          const runs = [scene.world, again].map((world) => {
            if (where === "in a file") {
              withFile({ ...scene, world });
            }
            return world;
          });
          const isCome = losing(scene.world, at, loss);
          for (const world of runs) {
            await leakPlan(world, leaked, "deckhouse")
              .then((plan) => respond(world, plan, "aws ..."))
              .catch(() => undefined);
          }
          isReached = isCome();
          const used = keys.filter(({ id, uses }) => uses.length > 0 && !leaked.includes(id));
          const isRight =
            leaked.every((id) => !account.works(id)) &&
            account.areSessionsDenied &&
            used.every(({ id, status }) => account.works(id) === (status === "Active"));
          wrong.push(...(isRight ? [] : [`${loss} ${at}`]));
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  it("changes nothing where all keys are another user's", async () => {
    const { account, response } = accountWith([key("A")], "A");
    await expect(response("BOB")).rejects.toThrow(
      '--leaked: BOB is a key of the user "bob", and not of "deckhouse"; nothing was changed',
    );
    expect(account.calls).toEqual([]);
  });

  it.each<readonly [what: string, more: object, rules: readonly string[]]>([
    ["the cluster refuses the new key", { give: async () => new Error("no") }, ["not-given"]],
    ["the answer of the cluster is lost", { give: noAnswer }, ["not-given"]],
    ["the cluster cannot be read", { dkpKey: noAnswer }, ["not-given"]],
    ["IAM creates no key", { createKey: noAnswer }, ["not-given"]],
    ["IAM lists no keys", { keys: noAnswer }, ["not-given"]],
    ["AWS does not say who has a key", { ownerOf: noAnswer }, ["given"]],
    ["writing is forbidden", { refusal: { reason: "no", options: "" } }, ["not-given"]],
  ])("ends the leaked key also where %s", async (_, more, rules) => {
    const { account, response } = accountWith([key("A")], "A", more);
    expect(await response("A", ...(rules[0] === "given" ? ["X"] : []))).toEqual(
      expect.arrayContaining([...rules, "sessions-denied", "leaked-deleted"]),
    );
    expect([account.works("A"), account.areSessionsDenied]).toEqual([false, true]);
  });

  it("deactivates each leaked key before it ends where AWS refuses one of them", async () => {
    const { account, world } = accountWith([key("A"), key("B")], "C");
    const { setStatus } = world;
    world.setStatus = (id, status) => (id === "A" ? noAnswer() : setStatus(id, status));
    account.isAway = true;
    const plan = await leakPlan(world, ["A", "B"], "deckhouse");
    await expect(respond(world, plan, "aws ...")).rejects.toThrow("no answer");
    expect(account.calls).toEqual(["Inactive B"]);
  });

  it("deactivates each leaked key before a Deny that may fail, also one that was to make room", async () => {
    const { account, world } = accountWith([key("A"), key("B")], "A", { denySessions: noAnswer });
    const plan = await leakPlan(world, ["A"], "deckhouse");
    account.isAway = true;
    await expect(respond(world, plan, "aws ...")).rejects.toThrow("no answer");
    expect([plan.forRoom?.id, account.calls]).toEqual(["A", ["Inactive A"]]);
  });

  it("denies sessions until the deactivation is everywhere, 15 minutes after a clock that stands", async () => {
    const { world } = accountWith([key("A")], "A");
    const denied = jest.spyOn(world, "denySessions");
    await respond(world, await leakPlan(world, ["A"], "deckhouse"), "aws ...");
    expect(denied).toHaveBeenCalledWith(new Date("2026-12-01T02:15:00Z"));
  });

  it("ends the leaked key after a minute, and reports what the cluster has when it answers", async () => {
    jest.useFakeTimers();
    const { account, world } = accountWith([key("A")], "A");
    const { give } = world;
    let answer: () => void = () => undefined;
    world.give = async (given) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return await give(given);
    };
    const response = respond(world, await leakPlan(world, ["A"], "deckhouse"), "aws ...");
    await jest.advanceTimersByTimeAsync(59_000);
    expect(account.calls).toEqual(["create"]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(account.calls).toEqual(["create", ...ended("A")]);
    answer();
    expect((await response)[0]).toEqual({ rule: "given", values: { key: "K1" } });
    jest.useRealTimers();
  });

  it("judges by the cluster where the answer of a write that landed is lost", async () => {
    const { world, response } = accountWith([key("A")], "A");
    const { give } = world;
    world.give = (given) => give(given).then(noAnswer);
    expect(await response("A")).toEqual(["given", "sessions-denied", "leaked-deleted"]);
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

  it.each<readonly ["terraform" | "rotate" | "none", readonly string[]]>([
    ["rotate", ["not-given", "sessions-denied", "leaked-deleted"]],
    ["terraform", ["not-given-terraform", "sessions-denied", "leaked-deleted", "leaked-in-state"]],
    ["none", ["not-given-none", "sessions-denied", "leaked-deleted"]],
  ])(
    "names the next command without a destination with managedBy: %s, and ends with 3",
    async (managedBy, rules) => {
      const { account, world } = accountWith([key("A")], "A");
      account.isAway = true;
      const found = await respond(
        world,
        await leakPlan(world, ["A"], "deckhouse"),
        "aws",
        managedBy,
      );
      expect([found.map(({ rule }) => rule), exitCodeOf(ROTATE_RULES, found)]).toEqual([rules, 3]);
      expect(found[0]?.values).toEqual({
        reason: "the cluster was not read",
        options: "--leaked A --cluster --context NAME (without access to the cluster --out FILE)",
      });
    },
  );

  it("repeats the same command where a call was lost, and writes a file for Commander", async () => {
    const optionsOf = async (more: object) => {
      const { world } = accountWith([key("A")], "A", more);
      const [first] = await respond(world, await leakPlan(world, ["A"], "deckhouse"), "aws");
      return first?.values;
    };
    expect(await optionsOf({ give: noAnswer, context: "prod eu" })).toEqual({
      reason: "no answer",
      options: "--leaked A --cluster --context 'prod eu'",
    });
    const refusal = { reason: "Commander", options: "--out FILE" };
    expect(await optionsOf({ refusal })).toEqual({
      reason: "Commander",
      options: "--leaked A --out FILE",
    });
  });

  it("creates a key as soon as IAM no longer counts the one that made room", async () => {
    const { account, world } = accountWith([key("A"), key("B")], "A");
    const { createKey } = world;
    const full = new AwsError("iam:CreateAccessKey", "LimitExceededException", "two keys");
    world.createKey = jest.fn(createKey).mockRejectedValueOnce(full);
    const plan = await leakPlan(world, ["A"], "deckhouse");
    await respond(patient(world), plan, "aws");
    expect(account.calls).toEqual(["delete A", "create", "give K1", ...ended("A")]);
    world.createKey = jest.fn(createKey).mockRejectedValue(new Error("denied"));
    await expect(patient(world).createKey()).rejects.toThrow("denied");
  });

  it("gives nothing where a person only contains the leak", async () => {
    const { account, world } = accountWith([key("A"), key("B")], "A");
    const plan = await leakPlan(world, ["A"], "deckhouse");
    await respond(world, contained(plan, { reason: "contain", options: "" }), "aws");
    expect(account.calls).toEqual(ended("A"));
  });

  it("shows its plan", async () => {
    const plan = await leakPlan(accountWith([key("A"), key("B")], "A").world, ["A"], "deckhouse");
    expect(
      leakPlanText(plan, NOW, "the cluster dev", "terraform"),
    ).toBe(`If the key leaked from the cluster or from this computer, the new key leaks too: stop that first.
If it leaked from the state, the next key of Terraform leaks too: do not apply before accessKeys.managedBy is rotate.
- delete A, because IAM allows only two keys (last used 2026-12-01 01:00 UTC by ec2 in eu-central-1)
- create a key, and give it to the cluster dev; AWS denies DKP's calls until its components have restarted with it
- deactivate A (last used 2026-12-01 01:00 UTC by ec2 in eu-central-1)
- deny sessions that were issued before 2026-12-01 02:15 UTC
- delete A
`);
  });

  it("keeps the Deny until the longest session has ended", () => {
    const hours = "36 hours after";
    const values = { stack: "deckhouse", before: "now", removal: "aws" };
    expect(ROTATE_RULES["sessions-denied"].remedy?.(values)).toContain(hours);
    expect(DRIFT_RULES["own-denial"].remedy?.({ ...values, id: "Deny" })).toContain(hours);
  });
});
