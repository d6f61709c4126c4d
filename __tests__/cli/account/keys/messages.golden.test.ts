import { keyFindings } from "../../../../src/cli/account/keys/findings";
import { leakResponse, leakText } from "../../../../src/cli/account/keys/leak";
import { contextOf, keyReport, keyReportJson, keyReportText } from "../../../../src/cli/account/keys/report";
import { KEY_RULES, type KeyRules, type WHY } from "../../../../src/cli/account/keys/rules";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import { exitCodeOf } from "../../../../src/cli/findings/finding";
import type { StateKey } from "../../../../src/cli/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { expectGolden } from "../../../helpers/golden";
import { DEPLOYED, iamKey, lacking, situation } from "../../../helpers/keys/situations";
import { ENCRYPTION_KEY, EXPIRING_KEY } from "../../../helpers/pgp-keys";

const PRIMARY: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" };
const SECONDARY: StateKey = { ...PRIMARY, slot: "secondary", id: "AKIASECONDARY" };
const ENCRYPTED: StateKey = { ...PRIMARY, secret: undefined, encryptedSecret: "secret", pgpKey: ENCRYPTION_KEY };
const BOTH = "accessKeys: { secondary: { status: Active } }";
const MOVED = "accessKeys: { secondary: { status: Active }, current: secondary }";
const RETIRED = "accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";
const NONE = "accessKeys: none";
const IMPORT = "import: { user: true, accessKeyId: AKIAABCDEFGHIJKLMNOP }";
const USED = iamKey("AKIAPRIMARY", 30, 0.1);
const { iam, state } = DEPLOYED;
const minutesAgo = (minutes: number) => new Date(iam.now.getTime() - minutes * 60_000);
const ofAnother = { owner: "another", by: ["user second"] } as const;
const permissions = {
  lost: [{ address: "aws_iam_user_policy_attachment.policy-attachment", lost: "the policy is not attached to the user" }],
  unread: ["iam:GetUser: AccessDenied: not authorized"],
};

interface Sample {
  readonly given: KeySituation;
  /** The rules, each with the setting or address that it is about. */
  readonly rules: string;
  readonly why: keyof typeof WHY;
}

const sample = (given: KeySituation, rules: string, why: Sample["why"]): Sample => ({ given, rules, why });

const SAMPLES: Readonly<Record<string, Sample>> = {
  "one key is deployed and used": sample(DEPLOYED, "", "done"),
  "nothing is deployed": sample({ ...situation("", [], []), iam: { ...iam, exists: false, keys: [] } }, "", "apply"),
  "another user in the state": sample(
    { ...DEPLOYED, settings: deployment("user: { name: another }") },
    "key-user-differs user.name",
    "mismatch",
  ),
  "another account than the settings": sample(
    { ...DEPLOYED, settings: deployment('accountId: "210987654321"') },
    "key-account-differs accountId",
    "mismatch",
  ),
  "another account than the state": sample(
    { ...DEPLOYED, iam: { ...iam, account: "210987654321" } },
    "key-account-differs",
    "mismatch",
  ),
  "a clock 6 minutes ahead": sample({ ...DEPLOYED, iam: { ...iam, clock: minutesAgo(-6) } }, "key-clock", "done"),
  "a clock 5 minutes behind": sample({ ...DEPLOYED, iam: { ...iam, clock: minutesAgo(5) } }, "", "done"),
  "errored.tfstate": sample({ ...DEPLOYED, erroredState: "newer" }, "key-errored-state", "errored-state"),
  "an older errored.tfstate": sample({ ...DEPLOYED, erroredState: "older" }, "key-errored-state", "errored-state-older"),
  "errored.tfstate of another lineage": sample(
    { ...DEPLOYED, erroredState: "unrelated" },
    "key-errored-state",
    "errored-state-unrelated",
  ),
  "a user that the state does not have": sample(
    { ...situation("", [], [USED]), unmanagedObjects: lacking(["user", "policy"], { owner: "unknown" }) },
    "key-state-lost user.name",
    "import-key",
  ),
  "a user with two Active keys that the state does not have": sample(
    { ...situation(BOTH, [], [USED, iamKey("AKIATWO", 9)]), unmanagedObjects: lacking(["user"]) },
    "key-state-lost user.name, key-breaking accessKeys.primary, key-breaking accessKeys.secondary",
    "which-key",
  ),
  "a user that the state does not have, and a pgpKey": sample(
    { ...situation(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`, [], [USED]), unmanagedObjects: lacking(["user"]) },
    "key-state-lost user.name",
    "apply",
  ),
  "an import before the first apply": sample(situation(IMPORT, [], [iamKey("AKIAABCDEFGHIJKLMNOP", 9, 0.1)]), "", "apply"),
  "a state without the policy": sample(
    { ...DEPLOYED, unmanagedObjects: lacking(["policy", "attachment"]) },
    "key-object-lost policy.name, key-object-lost policy.name",
    "apply",
  ),
  "one policy that may be another deployment's": sample(
    { ...DEPLOYED, unmanagedObjects: lacking(["policy"], { owner: "unknown" }) },
    "key-object-lost policy.name",
    "apply",
  ),
  "a policy of another deployment": sample(
    { ...DEPLOYED, unmanagedObjects: lacking(["policy", "attachment"], ofAnother) },
    "key-object-of-another policy.name",
    "another-name",
  ),
  "a state with a former additional policy": sample(
    {
      ...DEPLOYED,
      unmanagedObjects: lacking(["policy"]).map((object) => ({ ...object, stale: ["aws_iam_policy.policy-2"] })),
    },
    "key-object-lost policy.name",
    "apply",
  ),
  "a policy that was detached": sample(
    { ...DEPLOYED, permissions },
    "key-permissions-lost aws_iam_user_policy_attachment.policy-attachment, key-permissions-unread",
    "permissions",
  ),
  "a state without the exposed key": sample(
    situation(BOTH, [SECONDARY], [USED, iamKey("AKIASECONDARY", 3)], PRIMARY),
    "key-exposed-lost, key-breaking accessKeys.primary",
    "key-lost",
  ),
  "a key that was created manually": sample(
    situation("", [PRIMARY], [USED, iamKey("AKIAMANUAL", 9)]),
    "key-unmanaged",
    "unmanaged-retire",
  ),
  "a recent key that was created manually": sample(
    situation("", [PRIMARY], [USED, iamKey("AKIAMANUAL", 0.5)]),
    "key-unmanaged",
    "wait",
  ),
  "a key outside Terraform, as accessKeys: none requires": sample(situation(NONE, [], [USED]), "key-external", "none"),
  "accessKeys: none without an Active key": sample(
    situation(NONE, [], [iamKey("AKIAEXTERNAL", 9, 3, "Inactive")]),
    "key-external, key-none-active accessKeys",
    "none-create",
  ),
  "accessKeys: none while DKP uses the managed key": sample(
    situation(NONE, [PRIMARY], [USED]),
    "key-breaking accessKeys.primary",
    "revert-none",
  ),
  "accessKeys: none while DKP may use either key": sample(
    situation(NONE, [PRIMARY], [USED, iamKey("AKIAEXTERNAL", 1)]),
    "key-breaking accessKeys.primary, key-unmanaged",
    "none-apply",
  ),
  "accessKeys: none, and DKP uses the key outside Terraform": sample(
    situation(NONE, [PRIMARY], [iamKey("AKIAPRIMARY", 30, 2), iamKey("AKIAEXTERNAL", 3, 0.1)]),
    "key-unmanaged, key-unused",
    "none-apply",
  ),
  "accessKeys: none while nothing uses either key": sample(
    situation(NONE, [PRIMARY], [iamKey("AKIAPRIMARY", 30, 2), iamKey("AKIAEXTERNAL", 3)]),
    "key-breaking accessKeys.primary, key-unmanaged, key-unused",
    "none-apply",
  ),
  "accessKeys: none, and the managed key is deleted": sample(
    situation(NONE, [PRIMARY], []),
    "key-exposed-deleted, key-none-active accessKeys",
    "none-create",
  ),
  "a tainted key": sample(
    { ...DEPLOYED, state: { ...state, tainted: ["aws_iam_access_key.user"] } },
    "key-tainted aws_iam_access_key.user",
    "tainted",
  ),
  "an exposed key that would be deactivated": sample(
    situation(RETIRED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]),
    "key-breaking accessKeys.primary, key-current-differs accessKeys.current",
    "revert",
  ),
  "settings before an apply": sample(
    situation(MOVED, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]),
    "key-current-differs accessKeys.current",
    "apply",
  ),
  "settings of before the rotation": sample(
    situation(BOTH, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3, 0.1)], SECONDARY),
    "key-current-differs accessKeys.current",
    "apply",
  ),
  "a pgpKey that was changed in the live slot": sample(
    situation(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`, [PRIMARY], [USED]),
    "key-breaking accessKeys.primary",
    "revert",
  ),
  "a new slot in plaintext next to an encrypted key": sample(
    situation(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Active } }`, [ENCRYPTED], [USED]),
    "key-breaking accessKeys.secondary",
    "revert",
  ),
  "a newer key in plaintext next to an exposed, encrypted one": sample(
    situation(
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Active } }`,
      [ENCRYPTED, SECONDARY],
      [USED, iamKey("AKIASECONDARY", 3)],
    ),
    "",
    "rotate-retire",
  ),
  "an import that is not applied yet": sample({ ...DEPLOYED, imports: { existing: ["policy"], missing: [] } }, "", "apply"),
  "an import of what IAM does not have": sample(
    { ...DEPLOYED, imports: { existing: [], missing: ["attachment"] } },
    "key-import-missing import.attachment",
    "drop-import",
  ),
  "an imported key that nothing uses, and an unmanaged key in use": sample(
    situation("", [{ ...PRIMARY, secret: undefined }], [iamKey("AKIAPRIMARY", 30, 3), iamKey("AKIAMANUAL", 9, 0.1)]),
    "key-unmanaged, key-unused",
    "which-key",
  ),
  "a deactivated exposed key": sample(
    situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 0.1, "Inactive")]),
    "key-breaking accessKeys.primary",
    "deactivated",
  ),
  "a deleted exposed key": sample(situation("", [PRIMARY], []), "key-exposed-deleted", "apply"),
  "a deleted exposed key, and another one to hand over": sample(
    situation(BOTH, [PRIMARY, SECONDARY], [iamKey("AKIASECONDARY", 3)]),
    "key-exposed-deleted",
    "expose-other",
  ),
  "a deleted other key": sample(
    situation(BOTH, [PRIMARY, SECONDARY], [USED]),
    "key-deleted accessKeys.secondary.status",
    "key-gone",
  ),
  "a third key": sample(
    situation(BOTH, [PRIMARY], [USED, iamKey("AKIAMANUAL", 0.1)]),
    "key-breaking accessKeys.secondary, key-unmanaged",
    "revert",
  ),
  "a deleted user": sample(
    { ...situation("", [PRIMARY], []), iam: { ...iam, exists: false, keys: [] } },
    "key-user-deleted",
    "apply",
  ),
  "no outputs": sample({ ...DEPLOYED, state: { ...state, exposed: {} } }, "key-no-outputs", "expose-other"),
  "a key of 74 days": sample(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 74, 0.1)]), "", "done"),
  "a key of 75 days": sample(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 75, 0.1)]), "key-old", "done"),
  "an Inactive key of 75 days": sample(
    situation(
      RETIRED,
      [PRIMARY, SECONDARY],
      [iamKey("AKIAPRIMARY", 75, 3, "Inactive"), iamKey("AKIASECONDARY", 3, 0.1)],
      SECONDARY,
    ),
    "",
    "rotate-delete",
  ),
  "an ignored import": sample(situation(IMPORT, [PRIMARY], [USED]), "key-import-ignored import.accessKeyId", "drop-import"),
  "an exposed key that nothing uses": sample(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 1)]), "key-unused", "hand-over"),
  "a key that IAM does not list yet": sample(
    situation("", [{ ...PRIMARY, created: minutesAgo(1) }], []),
    "key-not-listed",
    "unlisted",
  ),
};

const text = (given: KeySituation) => keyReportText(keyReport(given), contextOf(given, "deployments", "terraform"));
const leaked = (given: KeySituation, ...ids: readonly string[]) =>
  leakText(given, leakResponse(given, ids), contextOf(given, "deployments", "terraform"));

describe("the report of keys", () => {
  it.each(Object.entries(SAMPLES))("of %s has its rules and its next step", (_, { given, rules, why }) => {
    const { findings, next } = keyReport(given);
    const found = findings.map(({ rule, field, address }) => [rule, field ?? address ?? []].flat().join(" "));
    expect({ rules: found.join(", "), why: next.why }).toEqual({ rules, why });
  });

  /** Every sentence for people stands here once: `npm run golden` writes the file. */
  it("and the response to a leak have the sentences of golden/messages/keys.txt", () => {
    const two = situation(BOTH, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]);
    const reports = Object.entries(SAMPLES).map(([name, { given }]) => [name, text(given)] as const);
    const printed = new Set<string>();
    const sections = [...reports, ["a leak, with another key", leaked(two)] as const].flatMap(([name, report]) => {
      const lines = report.split("\n").filter((line) => !printed.has(line.trim()));
      for (const line of lines) {
        printed.add(line.trim());
      }
      return lines.length === 0 ? [] : [`## in the situation: ${name}\n${lines.join("\n")}`];
    });
    expectGolden("messages/keys.txt", `${sections.join("\n").replaceAll(ENCRYPTION_KEY, "PGP_KEY")}\n`);
  });

  it("has the step as data, and never a secret", () => {
    const json = keyReportJson(keyReport(DEPLOYED), contextOf(DEPLOYED, "deployments", "terraform"));
    expect(json).toMatchObject({
      stack: "deckhouse",
      slots: [
        { slot: "primary", id: "AKIAPRIMARY", current: true, isPlaintext: true },
        { slot: "secondary", inSettings: "absent" },
      ],
      findings: [],
      next: { why: "done", edits: [{ setting: "accessKeys.secondary.status", value: "Active" }], actions: [{ do: "apply" }] },
    });
    expect(JSON.stringify(json)).not.toContain('"secret"');
  });

  it.each([
    ["30 days", "2026-12-02", ["pgp-key-expires"]],
    ["31 days", "2026-12-01", []],
  ])("warns %s before an OpenPGP key expires, on %s", (_, day, rules) => {
    const now = new Date(`${day}T00:00:00Z`);
    const given = situation(`accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`, [{ ...PRIMARY, pgpKey: EXPIRING_KEY }], []);
    const keys = [{ ...USED, created: now, lastUsed: USED.lastUsed && { ...USED.lastUsed, at: now } }];
    expect(keyFindings({ ...given, iam: { ...iam, now, clock: now, keys } }).map(({ rule }) => rule)).toEqual(rules);
  });

  it("is attention, and a note where there is nothing left to do", () => {
    expect(exitCodeOf<KeyRules>(KEY_RULES, keyFindings(situation("", [PRIMARY], [])))).toBe(2);
    expect(exitCodeOf<KeyRules>(KEY_RULES, keyFindings(situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 30, 1)])))).toBe(0);
  });
});

describe("the response to a leaked key", () => {
  it("deactivates the exposed key, denies its sessions, and deletes it, without a placeholder in the way", () => {
    const commands = leaked(DEPLOYED).match(/^ {4}aws iam \S+/gm);
    expect(commands?.map((line) => line.trim().split(" ")[2])).toEqual([
      "update-access-key",
      "put-user-policy",
      "delete-access-key",
      "delete-user-policy",
    ]);
  });

  it("names every other key before step 1, and repeats the command with it", () => {
    const keys = [USED, iamKey("AKIAOTHER", 0.1)];
    const [before = ""] = leaked(situation("", [PRIMARY], keys)).split("1. Deactivate");
    expect(before).toContain("AKIAOTHER (Active, created 2026-10-31T21:36:00.000Z, no use reported)");
    expect(before).toContain("npx dkp-access keys --leaked deckhouse --key AKIAPRIMARY AKIAOTHER");
  });

  it.each([
    ["rotation", BOTH, SECONDARY],
    [
      "migration to pgpKey",
      `accessKeys: { secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`,
      { ...SECONDARY, secret: undefined, encryptedSecret: "secret", pgpKey: ENCRYPTION_KEY },
    ],
  ])("goes on with the key that can be handed over, in a %s", (_, settings, secondary) => {
    const { after } = leakResponse(situation(settings, [PRIMARY, secondary], [USED, iamKey("AKIASECONDARY", 1)]), []);
    expect(after).toMatchObject({
      why: "expose-other",
      edits: [
        { setting: "accessKeys.primary.status", value: "absent" },
        { setting: "accessKeys.current", value: "secondary" },
      ],
      actions: [{ do: "apply" }, { do: "hand-over" }],
    });
  });

  it("imports no key of the user after a leak: it can be the attacker's", () => {
    const lost = { ...situation("", [], [USED, iamKey("AKIAOTHER", 1)]), unmanagedObjects: lacking(["user"]) };
    expect(leakResponse(lost, ["AKIAPRIMARY"]).after.edits).toEqual([{ setting: "import.user", value: true }]);
  });

  it("never says that DKP keeps its key where the state does not have the leaked one", () => {
    const old = situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIALEAKED", 9, 0.1)]);
    expect(leakResponse(old, ["AKIALEAKED"]).after).toEqual({
      why: "hand-over",
      key: "AKIAPRIMARY",
      edits: [],
      actions: [{ do: "hand-over" }],
    });
    const lost = { ...situation("", [], [iamKey("AKIALEAKED", 9, 0.1)]), unmanagedObjects: lacking(["user"]) };
    expect(leakResponse(lost, ["AKIALEAKED"]).after).toMatchObject({
      restore: { keys: [] },
      actions: [{ do: "apply" }, { do: "hand-over" }],
    });
  });

  it("creates the next key at once, also where the leaked one was created minutes ago", () => {
    const created = new Date(DEPLOYED.iam.now.getTime() - 60_000);
    const fresh = situation("", [{ ...PRIMARY, created }], [iamKey("AKIAPRIMARY", 0, 0)]);
    expect(leakResponse(fresh, []).after).toMatchObject({ why: "apply" });
  });

  it("names every other key of the user, also an Inactive one", () => {
    const two = situation("", [PRIMARY], [USED, iamKey("AKIAOTHER", 1, undefined, "Inactive")]);
    expect(leaked(two)).toContain("the user also has AKIAOTHER");
  });

  it("takes a leaked key out of import.accessKeyId", () => {
    const imported = situation(
      "import: { user: true, accessKeyId: AKIAABCDEFGHIJKLMNOP }",
      [],
      [iamKey("AKIAABCDEFGHIJKLMNOP", 9, 0.1)],
    );
    expect(leakResponse(imported, ["AKIAABCDEFGHIJKLMNOP"]).contain.edits).toEqual([
      { setting: "import.accessKeyId", value: undefined },
    ]);
  });

  it("deactivates also a key that IAM does not list yet, and no key that is Inactive", () => {
    expect(leakResponse(DEPLOYED, ["AKIANEW"]).contain.actions).toEqual([
      { do: "deactivate", key: "AKIANEW" },
      { do: "delete", key: "AKIANEW" },
    ]);
    const inactive = situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 9, 0.1, "Inactive")]);
    expect(leakResponse(inactive, []).contain.actions).toEqual([{ do: "delete", key: "AKIAPRIMARY" }]);
  });

  it("creates a key with the AWS CLI where accessKeys is none", () => {
    const external = situation("accessKeys: none", [], [iamKey("AKIAEXTERNAL", 9, 0.1)]);
    expect(leakResponse(external, ["AKIAEXTERNAL"]).after).toMatchObject({ why: "none-create", actions: [{ do: "create-key" }] });
  });

  it("ends the key, and asks for the state, where the state cannot be read", () => {
    const unreachable = { ...situation("", [], [iamKey("AKIALEAKED", 9, 0.1)]), unreachable: "no credentials" };
    expect(leakResponse(unreachable, ["AKIALEAKED"])).toEqual({
      ids: ["AKIALEAKED"],
      contain: {
        edits: [],
        actions: [
          { do: "deactivate", key: "AKIALEAKED" },
          { do: "delete", key: "AKIALEAKED" },
        ],
      },
      after: { why: "unreachable", edits: [], actions: [] },
    });
  });

  it("creates a key where the one that is left has no known secret", () => {
    const imported = { ...PRIMARY, secret: undefined };
    const given = situation(
      "accessKeys: { secondary: { status: Active } }",
      [imported, { ...PRIMARY, slot: "secondary", id: "AKIALEAKED" }],
      [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIALEAKED", 9, 0.1)],
    );
    const { after } = leakResponse({ ...given, settings: deployment() }, ["AKIALEAKED"]);
    expect(after.actions[0]).toEqual({ do: "apply" });
  });

  it("has at most 60 lines", () => {
    const rotation = "accessKeys: { secondary: { status: Active } }";
    const both = situation(rotation, [PRIMARY, SECONDARY], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 9)]);
    expect(leaked(both, "AKIAPRIMARY", "AKIASECONDARY").split("\n").length).toBeLessThan(60);
  });

  it("is refused where the settings are those of another user, and where nobody knows which key leaked", () => {
    const other = { ...DEPLOYED, settings: deployment("user: { name: another }") };
    expect(() => leakResponse(other, [])).toThrow(
      /^deckhouse: the settings have the user "another", and the state has "deckhouse"/,
    );
    const lost = situation("", [], [iamKey("AKIAONE", 9), iamKey("AKIATWO", 9)]);
    expect(() => leakResponse(lost, [])).toThrow(
      "deckhouse: the state does not show which key DKP has; name the leaked one: --key AKIAONE or AKIATWO",
    );
  });
});
