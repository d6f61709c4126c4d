import { leakResponse, leakText } from "../../../../src/cli/account/keys/leak";
import { contextOf } from "../../../../src/cli/account/keys/report";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import type { StateKey } from "../../../../src/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { DEPLOYED, iamKey, situation } from "../../../helpers/keys/situations";

const PRIMARY: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false, secret: "secret" };
const text = (given: KeySituation, ...ids: readonly string[]) =>
  leakText(given, leakResponse(given, ids), contextOf(given, "deployments", "terraform"));

describe("the response to a leaked key", () => {
  it("deactivates the exposed key, denies its sessions, deletes it, and leads to a new one", () => {
    expect(
      text(DEPLOYED),
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
    const old = situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIALEAKED", 9, 0.1)]);
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
    const fresh = situation("", [{ ...PRIMARY, created }], [iamKey("AKIAPRIMARY", 0, 0)]);
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
    const inactive = situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 9, 0.1, "Inactive")]);
    expect(leakResponse(inactive, []).contain.actions).toEqual([{ do: "delete", key: "AKIAPRIMARY" }]);
  });

  it("creates a key with the AWS CLI where accessKeys is none", () => {
    const external = situation("accessKeys: none", [], [iamKey("AKIAEXTERNAL", 9, 0.1)]);
    expect(text(external, "AKIAEXTERNAL")).toContain(
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
    expect(text(unreachable, "AKIALEAKED")).toContain("4. Give DKP a key that has not leaked: make the state readable");
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
    const secondary: StateKey = { ...PRIMARY, slot: "secondary", id: "AKIASECONDARY" };
    const both = situation(rotation, [PRIMARY, secondary], [iamKey("AKIAPRIMARY", 80, 0.1), iamKey("AKIASECONDARY", 9)]);
    expect(text(both, "AKIAPRIMARY", "AKIASECONDARY").split("\n").length).toBeLessThan(60);
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
