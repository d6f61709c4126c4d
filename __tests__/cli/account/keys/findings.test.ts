import { keyFindings } from "../../../../src/cli/account/keys/findings";
import { KEY_RULES, type KeyRules } from "../../../../src/cli/account/keys/rules";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import { exitCodeOf, textOf } from "../../../../src/cli/findings/finding";
import type { StateKey } from "../../../../src/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { DEPLOYED, iamKey, situation } from "../../../helpers/keys/situations";
import { EXPIRING_KEY } from "../../../helpers/pgp-keys";

const PRIMARY: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" };
const SECONDARY: StateKey = { ...PRIMARY, slot: "secondary", id: "AKIASECONDARY" };
const BOTH = "accessKeys: { secondary: { status: Active } }";
const MOVED = "accessKeys: { secondary: { status: Active }, current: secondary }";
const RETIRED = "accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";
const USED = iamKey("AKIAPRIMARY", 30, 0.1);

/** The rules that report something, each with the setting or address that it is about. */
const rulesOf = (given: KeySituation) =>
  keyFindings(given).map(({ rule, field, address }) => [rule, field ?? address].filter((part) => part !== undefined).join(" "));

describe("findings about keys", () => {
  it("are none where one key is deployed and used", () => {
    expect(keyFindings(DEPLOYED)).toEqual([]);
  });

  it.each<readonly [what: string, given: KeySituation, rules: readonly string[]]>([
    [
      "another user in the state",
      { ...DEPLOYED, settings: deployment("user: { name: another }") },
      ["key-user-differs user.name"],
    ],
    [
      "another account than the settings",
      { ...DEPLOYED, settings: deployment('accountId: "210987654321"') },
      ["key-account-differs accountId"],
    ],
    [
      "another account than the state",
      { ...DEPLOYED, iam: { ...DEPLOYED.iam, account: "210987654321" } },
      ["key-account-differs"],
    ],
    ["a clock 6 minutes ahead", { ...DEPLOYED, clock: new Date(DEPLOYED.iam.now.getTime() + 360_000) }, ["key-clock"]],
    ["a clock 5 minutes behind", { ...DEPLOYED, clock: new Date(DEPLOYED.iam.now.getTime() - 300_000) }, []],
    ["errored.tfstate", { ...DEPLOYED, unsent: "newer" }, ["key-state-unsent"]],
    ["a lost state", { ...situation("", [], [USED]), unmanagedObjects: ["user"] }, ["key-state-lost"]],
    [
      "a state without the policy",
      { ...DEPLOYED, unmanagedObjects: ["policy", "attachment"] },
      ["key-object-lost", "key-object-lost"],
    ],
    [
      "a state without the exposed key",
      situation(BOTH, [SECONDARY], [USED, iamKey("AKIASECONDARY", 3)], PRIMARY),
      ["key-exposed-lost", "key-breaking accessKeys.primary", "key-unmanaged"],
    ],
    ["a key that was created manually", situation("", [PRIMARY], [USED, iamKey("AKIAMANUAL", 9)]), ["key-unmanaged"]],
    ["a key beside accessKeys: none", situation("accessKeys: none", [], [USED]), ["key-state-lost"]],
    [
      "a tainted key",
      { ...DEPLOYED, state: { ...DEPLOYED.state, tainted: ["aws_iam_access_key.user"] } },
      ["key-tainted aws_iam_access_key.user"],
    ],
    [
      "an exposed key that would be deactivated",
      situation(RETIRED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]),
      ["key-breaking accessKeys.primary", "key-current-differs accessKeys.current"],
    ],
    [
      "settings before an apply",
      situation(MOVED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]),
      ["key-current-differs accessKeys.current"],
    ],
    [
      "settings of before the rotation",
      situation(BOTH, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3, 0.1)], SECONDARY),
      ["key-current-differs accessKeys.current"],
    ],
    [
      "a deactivated exposed key",
      situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 0.1, "Inactive")]),
      ["key-breaking accessKeys.primary"],
    ],
    ["a deleted exposed key", situation("", [PRIMARY], []), ["key-exposed-deleted"]],
    ["a deleted other key", situation(BOTH, [PRIMARY, SECONDARY], [USED]), ["key-deleted accessKeys.secondary.status"]],
    [
      "a third key",
      situation(BOTH, [PRIMARY], [USED, iamKey("AKIAMANUAL", 0.1)]),
      ["key-breaking accessKeys.secondary", "key-unmanaged"],
    ],
    [
      "a deleted user",
      { ...situation("", [PRIMARY], []), iam: { ...DEPLOYED.iam, exists: false, keys: [] } },
      ["key-user-deleted"],
    ],
    ["no outputs", { ...DEPLOYED, state: { ...DEPLOYED.state, exposed: {} } }, ["key-no-outputs"]],
    ["a key of 74 days", situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 74, 0.1)]), []],
    ["a key of 75 days", situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 75, 0.1)]), ["key-old"]],
    [
      "an Inactive key of 75 days",
      situation(
        RETIRED,
        [PRIMARY, SECONDARY],
        [iamKey("AKIAPRIMARY", 75, 3, "Inactive"), iamKey("AKIASECONDARY", 3, 0.1)],
        SECONDARY,
      ),
      [],
    ],
    [
      "an ignored import",
      situation("import: { accessKeyId: AKIAABCDEFGHIJKLMNOP }", [PRIMARY], [USED]),
      ["key-import-ignored import.accessKeyId"],
    ],
    ["an exposed key that nothing uses", situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 1)]), ["key-unused"]],
    [
      "a key that IAM does not list yet",
      situation("", [{ ...PRIMARY, created: new Date(DEPLOYED.iam.now.getTime() - 60_000) }], []),
      ["key-not-listed"],
    ],
  ])("report %s", (_, given, rules) => {
    expect(rulesOf(given)).toEqual(rules);
  });

  it.each([
    ["30 days", "2026-12-02", ["pgp-key-expires accessKeys.primary.pgpKey"]],
    ["31 days", "2026-12-01", []],
  ])("warn %s before an OpenPGP key expires, on %s", (_, day, rules) => {
    const now = new Date(`${day}T00:00:00Z`);
    const key = { ...PRIMARY, pgpKey: EXPIRING_KEY };
    const iam = {
      ...DEPLOYED.iam,
      now,
      keys: [{ ...USED, created: now, lastUsed: USED.lastUsed && { ...USED.lastUsed, at: now } }],
    };
    const given = { ...situation(`accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`, [key], []), iam, clock: now };
    expect(rulesOf(given)).toEqual(rules);
  });

  it("are attention, and notes where nothing is to do", () => {
    expect(exitCodeOf<KeyRules>(KEY_RULES, keyFindings(situation("", [PRIMARY], [])))).toBe(2);
    expect(exitCodeOf<KeyRules>(KEY_RULES, keyFindings(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 1)])))).toBe(0);
  });

  it("name what an apply does, and why it must not be applied", () => {
    const [finding] = keyFindings(situation(RETIRED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]));
    expect(finding && textOf<KeyRules>(KEY_RULES, finding)).toBe(
      "the next apply deactivates AKIAPRIMARY (primary), which DKP may use: it was created or used within the last 24 hours, or AWS reports no use of the exposed key in that time; do not apply these settings",
    );
  });
});
