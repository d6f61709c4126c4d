import { contextOf, keyReport, keyReportJson, keyReportText } from "../../../../src/cli/account/keys/report";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import { DEPLOYED, iamKey, situation } from "../../../helpers/keys/situations";

const text = (given: KeySituation) => keyReportText(keyReport(given), contextOf(given, "deployments", "terraform"));

describe("the report of keys", () => {
  it("shows slots, where the secret is, and how to rotate", () => {
    expect(text(DEPLOYED)).toBe(`deckhouse: keys of the user deckhouse
  primary: AKIAPRIMARY (Active, created 2026-10-02T00:00:00.000Z, last used 2026-10-31T21:36:00.000Z), exposed by the outputs, its secret is in plaintext in the state
  secondary: absent
next: nothing to do; to rotate, create a second key
  deployments/deckhouse.yaml: accessKeys.secondary.status: Active
  then apply
`);
  });

  it("shows findings, and a step with its first alternative, its edits and what to do then", () => {
    const lost = { ...situation("", [], [iamKey("AKIALOST", 30, 0.1)]), unmanagedObjects: ["user", "policy"] as const };
    expect(text(lost)).toBe(`deckhouse: keys of the user deckhouse
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
      text(lost),
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
