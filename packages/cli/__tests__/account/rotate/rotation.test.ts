import { expectGolden } from "../../../../../__tests__/helpers/golden";
import { Account, NIGHTLY } from "../../../../../__tests__/helpers/rotation-account";
import { ROTATE_RULES } from "../../../src/account/rotate/rotate-rules";
import { type RotationWorld, rotateOnce } from "../../../src/account/rotate/rotation";

const NOW = new Date("2026-12-01T02:00:00Z");
const ago = (days: number) => new Date(+NOW - days * 86_400_000);
/** @param used days ago */
const key = (id: string, age: number, ...used: readonly number[]) => ({
  id,
  status: "Active" as "Active" | "Inactive",
  created: ago(age),
  uses: used.map((days) => ({ at: ago(days), service: "ec2" })),
});

function worldWith(
  keys: readonly ReturnType<typeof key>[],
  more: Partial<RotationWorld> & { readonly dkp?: readonly string[] } = {},
) {
  const account = new Account(NOW);
  account.secret = "OWN";
  for (const each of keys) {
    account.set(each);
  }
  const { dkp = ["OWN"], ...replaced } = more;
  const answers = [...dkp];
  const dkpKey = async () => (answers.length > 1 ? answers.shift() : answers[0]) ?? "";
  const world = { ...account.world(), dkpKey, ...replaced };
  const run = async (wanted: { readonly isAnswered?: boolean } = {}) => {
    const { findings } = await rotateOnce(world, { ...NIGHTLY, ...wanted }, async () => undefined);
    return findings.map(({ rule, values }) =>
      [rule, "manager" in values && values.manager].filter((part) => part).join(" by "),
    );
  };
  return { calls: account.calls, run };
}

const OLD = key("OWN", 31);
const FORMER = key("FORMER", 50, 15);
const PROVEN = key("OWN", 16, 1);
const lastWrite = () => ({ manager: "kubectl-edit", time: "2026-12-01 01:00 UTC" });

describe("a run of a rotation", () => {
  it("creates a key and gives it to the cluster", async () => {
    const { calls, run } = worldWith([OLD]);
    expect([await run(), calls]).toEqual([["replace"], ["create", "give K1"]]);
  });

  it("deletes its key again where the cluster refused it", async () => {
    const { calls, run } = worldWith([OLD], { give: async () => new Error("no permission") });
    await expect(run()).rejects.toThrow(
      "the cluster did not take the key K1, which was deleted again: no permission",
    );
    expect(calls).toEqual(["create", "delete K1"]);
  });

  it("keeps its key where the cluster has it in spite of a refusal", async () => {
    const { calls, run } = worldWith([OLD], {
      give: async () => new Error("changed"),
      dkp: ["OWN", "K1"],
    });
    expect([await run(), calls]).toEqual([["replace"], ["create"]]);
  });

  it("keeps its key where the answer of the cluster was lost", async () => {
    const { calls, run } = worldWith([OLD], { give: () => Promise.reject(new Error("no answer")) });
    await expect(run()).rejects.toThrow("no answer");
    expect(calls).toEqual(["create"]);
  });

  it("gives no key that was deactivated meanwhile", async () => {
    const { calls, run } = worldWith([OLD], {
      createKey: async () => ({ id: "GONE", secret: "" }),
    });
    await expect(run()).rejects.toThrow(
      "the key GONE, which this run created, is no Active key of the user any more: another run ended it",
    );
    expect(calls).toEqual([]);
  });

  it("activates a former key again that the cluster has again", async () => {
    const { calls, run } = worldWith([PROVEN, FORMER], {
      dkp: ["OWN", "OWN", "FORMER"],
      lastWrite,
    });
    expect([await run(), calls]).toEqual([
      ["deactivate", "reactivated by kubectl-edit"],
      ["Inactive FORMER", "Active FORMER"],
    ]);
  });

  it("changes nothing where somebody has written an older key back, and names the program", async () => {
    const { calls, run } = worldWith([PROVEN, FORMER], { dkp: ["FORMER"], lastWrite });
    expect([await run(), calls]).toEqual([
      ["younger-used by kubectl-edit", "rotation-overdue"],
      [],
    ]);
  });

  it("changes no key that the cluster has again", async () => {
    const { calls, run } = worldWith([PROVEN, FORMER], { dkp: ["OWN", "FORMER"] });
    await expect(run()).rejects.toThrow(
      "the cluster has the key FORMER now, and nothing was changed; run the command again",
    );
    expect(calls).toEqual([]);
  });

  it("gives DKP another key in the run that makes room for it", async () => {
    const { calls, run } = worldWith([OLD, { ...FORMER, status: "Inactive" }]);
    expect([await run(), calls]).toEqual([
      ["delete-for-room", "replace"],
      ["delete FORMER", "create", "give K1"],
    ]);
  });

  it("deletes a key that AWS does not accept", async () => {
    const { calls, run } = worldWith([OLD], { accepts: () => Promise.reject(new Error("late")) });
    await expect(run()).rejects.toThrow("late; the new key K1 was deleted again");
    expect(calls).toEqual(["create", "delete K1"]);
  });

  it("gives no key by a schedule where the pair of the cluster does not sign", async () => {
    const { calls, run } = worldWith([OLD], { signs: async () => false });
    expect([await run(), calls]).toEqual([["dkp-key-dead"], []]);
  });

  it("gives one then if a person answers", async () => {
    const { calls, run } = worldWith([OLD], { signs: async () => false });
    expect([await run({ isAnswered: true }), calls]).toEqual([
      ["replace-dead"],
      ["create", "give K1"],
    ]);
  });

  it("signs with the pair of the cluster only before it gives a key", async () => {
    const signs = jest.fn(async () => true);
    for (const keys of [[PROVEN], [PROVEN, FORMER], [{ ...OLD, status: "Inactive" as const }]]) {
      await worldWith(keys, { signs }).run();
    }
    expect(signs).not.toHaveBeenCalled();
    await worldWith([OLD], { signs }).run();
    expect(signs).toHaveBeenCalledTimes(1);
  });
});

it("every rule of rotate has these sentences", () => {
  const rows = Object.entries(ROTATE_RULES).map(([id, { level, templates }]) => {
    const { remedy } = { remedy: undefined, ...templates };
    return [
      `${id} (${level}): ${templates.text}`,
      ...(remedy === undefined ? [] : [`  -> ${remedy}`]),
    ].join("\n");
  });
  expectGolden("messages/rotate.txt", `${rows.join("\n")}\n`);
});
