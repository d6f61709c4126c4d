import { keyFindings } from "../../../../src/cli/account/keys/findings";
import { leakResponse, leakText } from "../../../../src/cli/account/keys/leak";
import { contextOf, keyReport, keyReportJson, keyReportText } from "../../../../src/cli/account/keys/report";
import { KEY_RULES, type KeyRules } from "../../../../src/cli/account/keys/rules";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import { exitCodeOf, textOf } from "../../../../src/cli/findings/finding";
import type { StateKey } from "../../../../src/cli/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { DEPLOYED, iamKey, situation } from "../../../helpers/keys/situations";
import { EXPIRING_KEY } from "../../../helpers/pgp-keys";

const reportText = (given: KeySituation) => keyReportText(keyReport(given), contextOf(given, "deployments", "terraform"));

describe("the report of keys", () => {
  it("shows slots, where the secret is, and how to rotate", () => {
    expect(reportText(DEPLOYED)).toBe(`deckhouse: keys of the user deckhouse
  primary: AKIAPRIMARY (Active, created 2026-10-02T00:00:00.000Z, last used 2026-10-31T21:36:00.000Z), exposed by the outputs, its secret is in plaintext in the state
  secondary: absent
next: nothing to do; to rotate, create a second key
  deployments/deckhouse.yaml: accessKeys.secondary.status: Active
  then apply
`);
  });

  it("shows findings, and a step with its first alternative, its edits and what to do then", () => {
    const lost = { ...situation("", [], [iamKey("AKIALOST", 30, 0.1)]), unmanagedObjects: ["user", "policy"] as const };
    expect(reportText(lost)).toBe(`deckhouse: keys of the user deckhouse
  primary: not created yet
  secondary: absent
attention: the state has no user, and IAM has the user deckhouse with AKIALOST (Active, created 2026-10-02T00:00:00.000Z, last used 2026-10-31T21:36:00.000Z): the state was lost, belongs to another workspace, or the first apply failed; do not apply these settings, and do not delete or deactivate a key; see docs/how-to/recover.md#lost-state
next: the settings are not applied yet
  first: if an earlier or later version of the state has the user, restore it, and do nothing else (docs/how-to/recover.md#restore-the-state)
  deployments/deckhouse.yaml: import.user: true
  deployments/deckhouse.yaml: import.policy: true
  then apply
  then unless DKP has the exposed key: npx dkp-access hand-over deckhouse --out FILE && d8 system edit provider-cluster-configuration
  then npx dkp-access keys deckhouse
`);
  });

  it("shows a question with its answers", () => {
    const lost = situation("", [], [iamKey("AKIAONE", 30, 3), iamKey("AKIATWO", 9)]);
    expect(
      reportText(lost),
    ).toContain(`next: look up which key DKP has: providerAccessKeyId in d8 system edit provider-cluster-configuration
  first: if an earlier or later version of the state has the user, restore it, and do nothing else (docs/how-to/recover.md#restore-the-state)
  if DKP has AKIAONE: remove AKIATWO: IAM allows two keys, and DKP needs one whose secret is in the state
    then aws iam update-access-key --user-name deckhouse --access-key-id AKIATWO --status Inactive
`);
  });

  it("has the step as data, and never a secret", () => {
    const json = keyReportJson(keyReport(DEPLOYED), contextOf(DEPLOYED, "deployments", "terraform"));
    expect(json).toMatchObject({
      stack: "deckhouse",
      slots: [
        { slot: "primary", id: "AKIAPRIMARY", current: true, isPlaintext: true },
        { slot: "secondary", wanted: "absent" },
      ],
      findings: [],
      next: { why: "done", edits: [{ setting: "accessKeys.secondary.status", value: "Active" }], actions: [{ do: "apply" }] },
    });
    expect(JSON.stringify(json)).not.toContain('"secret"');
  });
});

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

const LEAKED: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" };
const leaked = (given: KeySituation, ...ids: readonly string[]) =>
  leakText(given, leakResponse(given, ids), contextOf(given, "deployments", "terraform"));

describe("the response to a leaked key", () => {
  it("deactivates the exposed key, denies its sessions, deletes it, and leads to a new one", () => {
    expect(
      leaked(DEPLOYED),
    ).toBe(`deckhouse: response to a leaked key of the user deckhouse in account 123456789012; this command changes nothing
leaked: AKIAPRIMARY (Active, created 2026-10-02T00:00:00.000Z, last used 2026-10-31T21:36:00.000Z), exposed by the outputs
DKP cannot call AWS from step 1 until it has another key; the instances of the cluster keep running

1. Deactivate the key
    aws iam update-access-key --user-name deckhouse --access-key-id AKIAPRIMARY --status Inactive

2. Deny its sessions, which remain valid for up to 36 hours; again after five minutes, when all of AWS knows of step 1
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    aws iam put-user-policy --user-name deckhouse --policy-name DenySessionsFromLeakedKey --policy-document "{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Deny\\",\\"Action\\":\\"*\\",\\"Resource\\":\\"*\\",\\"Condition\\":{\\"DateLessThan\\":{\\"aws:TokenIssueTime\\":\\"$now\\"}}}]}"

3. Delete the key, so that no apply can activate it again; its ID remains in CloudTrail
    aws iam delete-access-key --user-name deckhouse --access-key-id AKIAPRIMARY

4. Give DKP a key that has not leaked: the settings are not applied yet
   then apply
   then unless DKP has the exposed key: npx dkp-access hand-over deckhouse --out FILE && d8 system edit provider-cluster-configuration
   then npx dkp-access keys deckhouse, until nothing is to do

5. Find and remove what the attacker created: it works without the key
   what to check in the account: https://docs.aws.amazon.com/guardduty/latest/ug/compromised-creds.html
   what the key did: CloudTrail event history: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
   the same over a long time: Athena: https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
   sessions of roles that the attacker used: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
   npx dkp-access drift deckhouse: what exists beside what Terraform manages

6. 36 hours after step 2, remove the Deny: Terraform cannot delete a user with an inline policy
    aws iam delete-user-policy --user-name deckhouse --policy-name DenySessionsFromLeakedKey
`);
  });

  it("never says that DKP keeps its key where the state does not have the leaked one", () => {
    const old = situation("", [LEAKED], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIALEAKED", 9, 0.1)]);
    expect(leakResponse(old, ["AKIALEAKED"]).after).toEqual({
      why: "give",
      key: "AKIAPRIMARY",
      edits: [],
      actions: [{ do: "hand-over" }],
    });
    const lost = { ...situation("", [], [iamKey("AKIALEAKED", 9, 0.1)]), unmanagedObjects: ["user"] as const };
    expect(leakResponse(lost, ["AKIALEAKED"]).after).toMatchObject({
      restore: { keys: [] },
      actions: [{ do: "apply" }, { do: "hand-over" }],
    });
  });

  it("creates the next key at once, also where the leaked one was created minutes ago", () => {
    const created = new Date(DEPLOYED.iam.now.getTime() - 60_000);
    const fresh = situation("", [{ ...LEAKED, created }], [iamKey("AKIAPRIMARY", 0, 0)]);
    expect(leakResponse(fresh, []).after).toMatchObject({ why: "apply" });
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
    const inactive = situation("", [LEAKED], [iamKey("AKIAPRIMARY", 9, 0.1, "Inactive")]);
    expect(leakResponse(inactive, []).contain.actions).toEqual([{ do: "delete", key: "AKIAPRIMARY" }]);
  });

  it("creates a key with the AWS CLI where accessKeys is none", () => {
    const external = situation("accessKeys: none", [], [iamKey("AKIAEXTERNAL", 9, 0.1)]);
    expect(leaked(external, "AKIAEXTERNAL")).toContain(
      "4. Give DKP a key that has not leaked: create a key for DKP\n    aws iam create-access-key --user-name deckhouse\n",
    );
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
    expect(leaked(unreachable, "AKIALEAKED")).toContain("4. Give DKP a key that has not leaked: make the state readable");
  });

  it("creates a key where the one that is left has no known secret", () => {
    const imported = { ...LEAKED, secret: undefined };
    const given = situation(
      "accessKeys: { secondary: { status: Active } }",
      [imported, { ...LEAKED, slot: "secondary", id: "AKIALEAKED" }],
      [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIALEAKED", 9, 0.1)],
    );
    const { after } = leakResponse({ ...given, settings: deployment() }, ["AKIALEAKED"]);
    expect(after.actions[0]).toEqual({ do: "apply" });
  });

  it("has at most 60 lines", () => {
    const rotation = "accessKeys: { secondary: { status: Active } }";
    const secondary: StateKey = { ...LEAKED, slot: "secondary", id: "AKIASECONDARY" };
    const both = situation(rotation, [LEAKED, secondary], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 9)]);
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
