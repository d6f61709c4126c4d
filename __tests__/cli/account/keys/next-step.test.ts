import type { IamKey } from "../../../../src/cli/account/aws/iam-reader";
import { nextStep } from "../../../../src/cli/account/keys/next-step";
import { keyReport } from "../../../../src/cli/account/keys/report";
import { BOTH, DEPLOYED, iamKey, MOVED, PRIMARY, RETIRED, SECONDARY, situation, USED } from "../../../helpers/keys/situations";
import { SHARED_STARTS, STARTS } from "../../../helpers/keys/starts";
import { walk } from "../../../helpers/keys/walk";
import { ENCRYPTION_KEY, EXPIRING_KEY } from "../../../helpers/pgp-keys";

describe("the steps that keys prints", () => {
  // More events: __tests__/proofs/key-situations.test.ts.
  it("lead to the end from every situation that one event produces, and keep DKP's key", async () => {
    const { situations, violations } = await walk({ starts: { nothing: STARTS.nothing }, depth: 1 });
    expect(violations).toEqual([]);
    expect(situations).toBeGreaterThan(150);
  });

  it.each(Object.entries({ ...STARTS, ...SHARED_STARTS }))("lead to the end from: %s", async (name, world) => {
    expect((await walk({ starts: { [name]: world }, depth: 0 })).violations).toEqual([]);
  });
});

describe("a rotation", () => {
  it.each([
    ["deactivates no key that was used 23 hours ago", MOVED, "Active", 23 / 24, 0.1, "wait"],
    ["deactivates a key that was used 24 hours ago, and the new one since", MOVED, "Active", 1, 0.1, "rotate-retire"],
    ["deactivates no key that was used 24 hours ago, and the new one was not", MOVED, "Active", 1, undefined, "ask-which-key"],
    ["deletes no retired key that was used 23 hours ago", RETIRED, "Inactive", 23 / 24, 0.1, "wait"],
    ["deletes a retired key that was used 24 hours ago", RETIRED, "Inactive", 1, 0.1, "rotate-delete"],
  ])("%s", (_, settings, status, used, newUsed, why) => {
    const keys = [iamKey("AKIAPRIMARY", 80, used, status), iamKey("AKIASECONDARY", 2, newUsed)];
    expect(nextStep(situation(settings, [PRIMARY, SECONDARY], keys, SECONDARY)).why).toBe(why);
  });
});

it.each([
  [9, "unlisted"],
  [10, "apply"],
])("waits for a key that IAM does not list within ten minutes of its creation: %d, %s", (minutes, why) => {
  const created = new Date(DEPLOYED.iam.now.getTime() - minutes * 60_000);
  expect(nextStep(situation("", [{ ...PRIMARY, created }], [])).why).toBe(why);
});

it("reports no other OpenPGP key where the provider recorded that of the settings, or the slot has the one of the next key", () => {
  const key = { ...PRIMARY, pgpKey: ENCRYPTION_KEY, keyFingerprint: "aa60641c8e10a360df6f831a36195b777b1f0c66" };
  for (const settings of [`pgpKey: ${ENCRYPTION_KEY}`, `status: absent, pgpKey: ${EXPIRING_KEY}`]) {
    const { findings } = keyReport(situation(`accessKeys: { primary: { ${settings} } }`, [key], [USED]));
    expect(findings.map(({ rule }) => rule)).not.toContain("key-encrypted-otherwise");
  }
});

describe("a slot is freed", () => {
  const stepOf = (...keys: readonly IamKey[]) => nextStep(situation("", [], keys));

  it("by the Inactive key that was used first", () => {
    const [early, late] = [iamKey("AKIAEARLY", 80, 5, "Inactive"), iamKey("AKIALATE", 80, 3, "Inactive")];
    expect(stepOf(early, late)).toMatchObject({ why: "free-slot", key: "AKIAEARLY" });
    expect(stepOf(late, early)).toMatchObject({ why: "free-slot", key: "AKIAEARLY" });
    expect(stepOf(...[0.1, 0.2].map((used) => iamKey(`AKIA${used}`, 80, used, "Inactive"))).key).toBe("AKIA0.2");
  });

  it("by no key that was used within the day, whatever its status", () => {
    const inactive = iamKey("AKIAINACTIVE", 80, 0.1, "Inactive");
    expect(stepOf(iamKey("AKIAACTIVE", 80), inactive).why).toBe("ask-which-key");
    expect(stepOf(iamKey("AKIAOTHER", 80, 0.2, "Inactive"), inactive).why).toBe("wait");
  });

  it("in the settings too, where an apply would create another Inactive key beside an imported one", () => {
    const imported = { ...PRIMARY, secret: undefined };
    const keys = [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 9, undefined, "Inactive")];
    const given = situation("accessKeys: { secondary: { status: Inactive } }", [imported, SECONDARY], keys);
    const edits = [{ setting: "accessKeys.secondary.status", value: "absent" }];
    expect(nextStep(given)).toMatchObject({ why: "free-slot", key: "AKIASECONDARY", edits });
  });

  it("by a key that is deactivated a day before it is deleted", () => {
    const { instead } = nextStep(
      situation("", [{ ...PRIMARY, secret: undefined }], [iamKey("AKIAPRIMARY", 80), iamKey("AKIATWO", 9, 0.1)]),
    );
    expect(instead.at(-1)?.do).toMatchObject({
      why: "free-slot",
      actions: [{ do: "deactivate" }, { do: "wait" }, { do: "delete" }],
    });
  });
});

it("creates no two keys beside one outside the state", () => {
  const edits = [{ setting: "accessKeys.secondary.status", value: "absent" }];
  expect(nextStep(situation(BOTH, [], [iamKey("AKIAOTHER", 80)]))).toMatchObject({ why: "create", edits });
});

it("never exposes a key whose secret nobody knows", () => {
  const keys = [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 2)];
  expect(nextStep(situation(MOVED, [PRIMARY, { ...SECONDARY, secret: undefined }], keys)).why).toBe("revert");
});

it("advises nothing where a part of IAM cannot be read", () => {
  expect(nextStep({ ...DEPLOYED, unread: ["iam:GetAccessKeyLastUsed"] }).why).toBe("unreachable");
});
