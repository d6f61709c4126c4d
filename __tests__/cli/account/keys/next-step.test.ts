import type { IamKey } from "../../../../src/cli/account/aws/iam-reader";
import { nextStep } from "../../../../src/cli/account/keys/next-step";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import type { StateKey } from "../../../../src/cli/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { PROGRAM, situationOf } from "../../../helpers/keys/program";
import { DEPLOYED, iamKey, lacking, situation } from "../../../helpers/keys/situations";
import { SHARED_STARTS, STARTS } from "../../../helpers/keys/starts";
import { walk } from "../../../helpers/keys/walk";
import { newWorld } from "../../../helpers/keys/world";
import { ENCRYPTION_KEY, EXPIRING_KEY } from "../../../helpers/pgp-keys";

describe("the steps that keys prints", () => {
  // More events: __tests__/proofs/key-situations.test.ts.
  it("lead to the end from every situation that one event produces, and keep DKP's key", async () => {
    const { situations, violations } = await walk(PROGRAM, { starts: { nothing: STARTS.nothing }, depth: 1 });
    expect(violations).toEqual([]);
    expect(situations).toBeGreaterThan(150);
  });

  it.each(Object.entries({ ...STARTS, ...SHARED_STARTS }))("lead to the end from: %s", async (name, world) => {
    expect((await walk(PROGRAM, { starts: { [name]: world }, depth: 0 })).violations).toEqual([]);
  });

  it("begin with the first apply", () => {
    expect(nextStep(situationOf(newWorld()))).toMatchObject({
      why: "apply",
      edits: [],
      actions: [{ do: "apply" }, { do: "hand-over" }],
    });
  });
});

const PRIMARY: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" };
const SECONDARY: StateKey = { ...PRIMARY, slot: "secondary", id: "AKIASECONDARY" };

describe("a rotation", () => {
  it("gives the new slot the pgpKey of the other one, so that its secret is encrypted too", () => {
    const keys = [{ ...PRIMARY, secret: undefined, encryptedSecret: "secret", pgpKey: EXPIRING_KEY }];
    const { why, edits } = nextStep(
      situation(`accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`, keys, [iamKey("AKIAPRIMARY", 80, 0.1)]),
    );
    expect({ why, edits }).toEqual({
      why: "done",
      edits: [
        { setting: "accessKeys.secondary.status", value: "Active" },
        { setting: "accessKeys.secondary.pgpKey", value: EXPIRING_KEY },
      ],
    });
  });

  it("permits the plaintext of the old key while the new, encrypted one is exposed, and forbids it at the end", () => {
    const encrypted = { ...SECONDARY, secret: undefined, encryptedSecret: "secret", pgpKey: ENCRYPTION_KEY };
    const both = `accessKeys: { secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`;
    const expose = nextStep(situation(both, [PRIMARY, encrypted], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 1)]));
    expect(expose.edits).toEqual([
      { setting: "accessKeys.current", value: "secondary" },
      { setting: "accessKeys.allowPlaintext", value: true },
    ]);
    const retired = `accessKeys: { primary: { status: Inactive }, secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} }, current: secondary, allowPlaintext: true }`;
    const end = nextStep(
      situation(
        retired,
        [PRIMARY, encrypted],
        [iamKey("AKIAPRIMARY", 80, 3, "Inactive"), iamKey("AKIASECONDARY", 4, 0.1)],
        encrypted,
      ),
    );
    expect(end.edits).toEqual([
      { setting: "accessKeys.primary.status", value: "absent" },
      { setting: "accessKeys.allowPlaintext", value: false },
    ]);
  });

  it.each([
    ["was used 23 hours ago", 23 / 24, 0.1, "wait"],
    ["was used 24 hours ago, and the new one since", 1, 0.1, "rotate-retire"],
    ["was used 24 hours ago, and the new one was not", 1, undefined, "wait"],
  ])("deactivates the old key if it %s: %d, %d, %s", (_, used, newUsed, why) => {
    const settings = "accessKeys: { secondary: { status: Active }, current: secondary }";
    const keys = [iamKey("AKIAPRIMARY", 80, used), iamKey("AKIASECONDARY", 2, newUsed)];
    expect(nextStep(situation(settings, [PRIMARY, SECONDARY], keys, SECONDARY)).why).toBe(why);
  });

  it.each([
    ["used 23 hours ago", 23 / 24, "wait"],
    ["used 24 hours ago", 1, "rotate-delete"],
  ])("deletes a retired key %s: %d, %s", (_, used, why) => {
    const settings = "accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";
    const keys = [iamKey("AKIAPRIMARY", 80, used, "Inactive"), iamKey("AKIASECONDARY", 2, 0.1)];
    expect(nextStep(situation(settings, [PRIMARY, SECONDARY], keys, SECONDARY)).why).toBe(why);
  });
});

describe("each situation that had wrong advice", () => {
  it("1: a key that was deactivated is imported only after a person says that it did not leak", () => {
    const settings = "import: { user: true, accessKeyId: AKIAABCDEFGHIJKLMNOP }";
    const step = nextStep(situation(settings, [], [iamKey("AKIAABCDEFGHIJKLMNOP", 80, 2, "Inactive")]));
    expect(step).toMatchObject({ why: "deactivated", key: "AKIAABCDEFGHIJKLMNOP", edits: [] });
  });

  it("1: a lost state never makes the stolen key Active", () => {
    const step = nextStep({
      ...situation("", [], [iamKey("AKIASTOLEN", 80, 2, "Inactive")]),
      lacking: lacking(["user", "policy"]),
    });
    expect(step.edits).toEqual([
      { setting: "import.user", value: true },
      { setting: "import.policy", value: true },
    ]);
    expect(step.actions).toEqual([{ do: "apply" }, { do: "hand-over" }]);
  });

  it("2: a state without the policy imports it before anything else is applied", () => {
    const partial: KeySituation = { ...DEPLOYED, lacking: lacking(["policy"]) };
    expect(nextStep(partial)).toMatchObject({ why: "apply", edits: [{ setting: "import.policy", value: true }] });
  });

  it("4: a key without a known secret is never exposed as the new one, and no apply creates a third key", () => {
    const imported: StateKey = { ...SECONDARY, secret: undefined };
    const settings = "accessKeys: { secondary: { status: Active } }";
    const keys = [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 2)];
    const step = nextStep(situation(settings, [PRIMARY, imported], keys));
    expect(step.edits).toEqual([{ setting: "accessKeys.secondary.status", value: "Inactive" }]);
    const third = nextStep(situation(settings, [PRIMARY], keys));
    expect(third.edits).toEqual([{ setting: "accessKeys.secondary.status", value: "absent" }]);
  });

  it("5: where the state is lost with two keys, a person looks up which one DKP has", () => {
    const keys = [iamKey("AKIAUSED", 80, 3), iamKey("AKIAUNUSED", 2)];
    const step = nextStep({ ...situation("", [], keys), lacking: lacking(["user"]) });
    expect(step.why).toBe("ask-which-key");
    for (const id of ["AKIAUSED", "AKIAUNUSED"]) {
      expect(step.askKey?.[id]?.edits.at(-1)).toEqual({ setting: "import.accessKeyId", value: id });
    }
  });

  it.each([
    ["9 minutes", 9, "unlisted"],
    ["10 minutes", 10, "create"],
  ])("7: a key that IAM does not list %s after its creation: %d, %s", (_, minutes, why) => {
    const created = new Date(DEPLOYED.iam.now.getTime() - minutes * 60_000);
    expect(nextStep(situation("", [{ ...PRIMARY, created }], [])).why).toBe(why === "create" ? "apply" : why);
  });

  it("9: errored.tfstate comes before everything else", () => {
    expect(
      nextStep({ ...DEPLOYED, erroredState: "errored-state", state: { ...DEPLOYED.state, user: undefined, keys: [] } }),
    ).toMatchObject({
      why: "errored-state",
      actions: [{ do: "push-state" }],
    });
    expect(nextStep({ ...DEPLOYED, erroredState: "errored-state-older" })).toMatchObject({
      actions: [{ do: "remove-errored-state" }],
    });
  });

  it("code 5: a changed pgpKey of a live slot is taken back", () => {
    const changed = situation(
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`,
      [PRIMARY],
      [iamKey("AKIAPRIMARY", 80, 0.1)],
    );
    expect(nextStep(changed)).toMatchObject({
      why: "revert",
      edits: [{ setting: "accessKeys.primary.pgpKey", value: undefined }],
    });
  });
});

describe("a slot is freed", () => {
  const stepOf = (...keys: readonly IamKey[]) => nextStep(situation("", [], keys));

  it("by the Inactive key that was used first", () => {
    const [early, late] = [iamKey("AKIAEARLY", 80, 5, "Inactive"), iamKey("AKIALATE", 80, 3, "Inactive")];
    expect(stepOf(early, late)).toMatchObject({ why: "free-slot", key: "AKIAEARLY" });
    expect(stepOf(late, early)).toMatchObject({ why: "free-slot", key: "AKIAEARLY" });
  });

  it("only after a question where the Inactive key was used within the day", () => {
    expect(stepOf(iamKey("AKIAACTIVE", 80), iamKey("AKIAINACTIVE", 80, 0.1, "Inactive")).why).not.toBe("free-slot");
  });
});

it("never exposes a key whose secret nobody knows", () => {
  const settings = "accessKeys: { secondary: { status: Active }, current: secondary }";
  const keys = [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 2)];
  expect(nextStep(situation(settings, [PRIMARY, { ...SECONDARY, secret: undefined }], keys)).why).toBe("revert");
});

it("advises nothing where a part of IAM cannot be read", () => {
  expect(nextStep({ ...DEPLOYED, unread: ["iam:GetAccessKeyLastUsed"] }).why).toBe("unreachable");
});

it("does nothing where accessKeys is none, or the settings are those of another deployment", () => {
  expect(nextStep(situation("accessKeys: none", [], [iamKey("AKIAEXTERNAL", 80)])).why).toBe("none");
  const other = { ...DEPLOYED, settings: deployment("user: { name: another }") };
  expect(nextStep(other)).toEqual({ why: "mismatch", edits: [], actions: [] });
});
