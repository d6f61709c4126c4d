import type { IamKey } from "../../../../src/cli/account/aws/user-keys";
import { type KeySources, keyReport, keyReportText } from "../../../../src/cli/account/keys/status";
import { keysOf, readState, type StateContents, type StateKey } from "../../../../src/terraform/state-file";
import { deployment, SEVERAL_POLICIES } from "../../../helpers/deployment";
import { ENCRYPTION_KEY, EXPIRING_KEY } from "../../../helpers/pgp-keys";

const NOW = new Date("2026-11-01T00:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
const FOLDER = "cdktf.out/stacks/deckhouse";

const iam = (id: string, days: number, status = "Active"): IamKey => ({ id, status, created: daysAgo(days) });
const used = (key: IamKey, days: number): IamKey => ({
  ...key,
  lastUsed: { at: daysAgo(days), service: "ec2", region: "eu-central-1" },
});
const secret = { status: "Active", tainted: false, secret: "secret" } as const;
const primary: StateKey = { slot: "primary", id: "AKIAPRIMARY", ...secret };
const secondary: StateKey = { slot: "secondary", id: "AKIASECONDARY", ...secret };

const ARN = "arn:aws:iam::123456789012:user/deckhouse";
const stateOf = (keys: readonly StateKey[], exposed?: StateKey, more: Partial<StateContents> = {}): StateContents => ({
  keys,
  exposed: { id: exposed?.id, slot: exposed?.slot },
  user: { name: "deckhouse", arn: ARN },
  tainted: [],
  ...more,
});

/** A report of settings, of a state with its outputs, and of IAM. */
const about = (settings: string, state: StateContents, keys: readonly IamKey[], more: Partial<KeySources> = {}) =>
  keyReport(deployment(settings), {
    folder: FOLDER,
    state,
    iam: { account: "123456789012", exists: true, keys },
    now: NOW,
    ...more,
  });

/** A report where the outputs expose what the settings say. */
function report(accessKeys: string, keys: readonly StateKey[], inIam: readonly IamKey[]) {
  const settings = deployment(`accessKeys: ${accessKeys}`).accessKeys;
  const exposed = settings === "none" ? undefined : keys.find(({ slot }) => slot === settings.current);
  return about(`accessKeys: ${accessKeys}`, stateOf(keys, exposed), inIam);
}

const BOTH = "{ secondary: { status: Active } }";
const MOVED = "{ secondary: { status: Active }, current: secondary }";
const RETIRED = "{ primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";
const DONE = "{ primary: { status: absent }, secondary: { status: Active }, current: secondary }";
const HAND_OVER = "give the new key to DKP: npx dkp-access hand-over deckhouse --out FILE";

describe("the next step of a rotation", () => {
  it.each([
    ["one key", "{}", [primary], [iam("AKIAPRIMARY", 80)], [{ setting: "accessKeys.secondary.status", value: "Active" }]],
    [
      "a new key beside it",
      BOTH,
      [primary, secondary],
      [iam("AKIAPRIMARY", 80), iam("AKIASECONDARY", 0)],
      [{ setting: "accessKeys.current", value: "secondary" }],
    ],
    [
      "a new key created on the same day",
      BOTH,
      [primary, secondary],
      [iam("AKIAPRIMARY", 0.5), iam("AKIASECONDARY", 0.1)],
      [{ setting: "accessKeys.current", value: "secondary" }],
    ],
    [
      "the new key exposed",
      MOVED,
      [primary, secondary],
      [iam("AKIAPRIMARY", 80), iam("AKIASECONDARY", 0)],
      [{ setting: "accessKeys.primary.status", value: "Inactive" }],
    ],
    [
      "the old key retired",
      RETIRED,
      [primary, secondary],
      [iam("AKIAPRIMARY", 80, "Inactive"), iam("AKIASECONDARY", 0)],
      [{ setting: "accessKeys.primary.status", value: "absent" }],
    ],
    ["the way back", DONE, [secondary], [iam("AKIASECONDARY", 80)], [{ setting: "accessKeys.primary.status", value: "Active" }]],
    ["settings not applied", BOTH, [primary], [iam("AKIAPRIMARY", 80)], []],
    ["no keys of Terraform's", "none", [], [], []],
    [
      "a new, encrypted key beside one in plaintext",
      `{ secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`,
      [primary, secondary],
      [iam("AKIAPRIMARY", 80), iam("AKIASECONDARY", 0)],
      [
        { setting: "accessKeys.current", value: "secondary" },
        { setting: "accessKeys.allowPlaintext", value: "true" },
      ],
    ],
    [
      "the old key in plaintext retired",
      `{ primary: { status: Inactive }, secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} }, current: secondary, allowPlaintext: true }`,
      [primary, secondary],
      [iam("AKIAPRIMARY", 80, "Inactive"), iam("AKIASECONDARY", 0)],
      [
        { setting: "accessKeys.primary.status", value: "absent" },
        { setting: "accessKeys.allowPlaintext", value: "false" },
      ],
    ],
  ] as const)("with %s", (_, accessKeys, state, inIam, edits) => {
    expect(report(accessKeys, state, inIam).next.edits).toEqual(edits);
  });

  it.each([
    ["deactivate", MOVED, "Active"],
    ["delete", RETIRED, "Inactive"],
  ])("does not %s a key that was used within the last 24 hours", (_, accessKeys, status) => {
    const old = (days: number) => [used(iam("AKIAPRIMARY", 80, status), days), iam("AKIASECONDARY", 2)];
    expect(report(accessKeys, [primary, secondary], old(0.99)).next).toEqual({
      edits: [],
      why: "wait: AKIAPRIMARY (primary) was created or last used within the last 24 hours. Give AKIASECONDARY to DKP if it does not have it, and run this command again",
      after: [],
    });
    expect(report(accessKeys, [primary, secondary], old(1)).next.edits).toHaveLength(1);
  });

  it("reports what an apply does to the keys", () => {
    expect(report(BOTH, [primary], [iam("AKIAPRIMARY", 80)]).next).toEqual({
      edits: [],
      why: "the settings are not applied yet: the next apply creates a key in secondary",
      after: ["apply"],
    });
  });

  it("keeps the secret encrypted: sets a pgpKey for the other slot", () => {
    const settings = `accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`;
    const { next } = about(settings, stateOf([primary], primary), [iam("AKIAPRIMARY", 1)]);
    expect(next.edits).toEqual([
      { setting: "accessKeys.secondary.status", value: "Active" },
      { setting: "accessKeys.secondary.pgpKey", value: "the value of accessKeys.primary.pgpKey, or another public key" },
    ]);
  });
});

describe("settings that are not what is deployed", () => {
  it("are an error when current is another slot than the outputs expose, and the exposed key is named", () => {
    const { errors, next, slots } = about(`accessKeys: ${MOVED}`, stateOf([primary, secondary], primary), [
      iam("AKIAPRIMARY", 80),
      iam("AKIASECONDARY", 1),
    ]);
    expect(slots.map(({ current }) => current)).toEqual([true, false]);
    expect(errors).toEqual([
      "accessKeys.current: the settings of deckhouse select secondary, and the outputs expose primary: the next apply switches the outputs from AKIAPRIMARY (primary) to AKIASECONDARY (secondary)",
    ]);
    expect(next).toEqual({
      edits: [],
      why: "the settings are not applied yet: the next apply switches the outputs from AKIAPRIMARY (primary) to AKIASECONDARY (secondary)",
      after: ["apply", HAND_OVER],
    });
  });

  it("are not to be applied when that deletes the exposed key: the step is back to what is deployed", () => {
    const { errors, next } = about("", stateOf([secondary], secondary), [used(iam("AKIASECONDARY", 1), 0)]);
    expect(errors).toEqual([
      "accessKeys.current: the settings of deckhouse select primary, and the outputs expose secondary: the next apply switches the outputs from AKIASECONDARY (secondary) to a new key (primary)",
      "the next apply deletes AKIASECONDARY (secondary), the key that the outputs expose; do not apply these settings",
    ]);
    expect(next).toEqual({
      edits: [
        { setting: "accessKeys.primary.status", value: "absent" },
        { setting: "accessKeys.secondary.status", value: "Active" },
        { setting: "accessKeys.current", value: "secondary" },
      ],
      why: "change the settings to what is deployed. If the new settings are intended, wait until AWS reports no use of the old key for 24 hours",
      after: ["npx dkp-access keys deckhouse"],
    });
  });

  it("are older than the deployment when they expose an older key", () => {
    const { errors, next } = about(`accessKeys: ${BOTH}`, stateOf([primary, secondary], secondary), [
      iam("AKIAPRIMARY", 80),
      iam("AKIASECONDARY", 1),
    ]);
    expect(errors).toEqual([
      "accessKeys.current: the settings of deckhouse select primary, and the outputs expose secondary: the next apply switches the outputs from AKIASECONDARY (secondary) to AKIAPRIMARY (primary), an older key: the settings are older than the deployment; do not apply them",
    ]);
    expect(next.edits).toEqual([{ setting: "accessKeys.current", value: "secondary" }]);
  });

  it("are an error when accessKeys: none would delete the exposed key", () => {
    const { errors } = about("accessKeys: none", stateOf([primary], primary), [iam("AKIAPRIMARY", 9)]);
    expect(errors).toEqual([
      "the next apply deletes AKIAPRIMARY (primary), the key that the outputs expose; do not apply these settings",
    ]);
  });

  it("are an error when they retire a key that was used within the last 24 hours", () => {
    const { errors, next } = report(RETIRED, [primary, secondary], [used(iam("AKIAPRIMARY", 80), 0.5), iam("AKIASECONDARY", 2)]);
    expect(errors).toEqual([
      "the next apply deactivates AKIAPRIMARY (primary), created or last used within the last 24 hours, so DKP may still use it; do not apply these settings",
    ]);
    expect(next.edits).toEqual([{ setting: "accessKeys.primary.status", value: "Active" }]);
  });
});

describe("a key that was deactivated or deleted outside Terraform", () => {
  it("is not to be activated without a decision when the outputs expose it", () => {
    const { errors, next } = report("{}", [primary], [iam("AKIAPRIMARY", 1, "Inactive")]);
    expect(errors).toEqual([
      'primary: AKIAPRIMARY, which the outputs expose, is Inactive in IAM and Active in the settings: any apply re-activates it. If it has leaked, do not apply these settings: make these edits in one change and apply once: accessKeys.secondary.status: Active; accessKeys.current: secondary; accessKeys.primary.status: Inactive (review/deckhouse/REVIEW.md, "After a leak"). If it was deactivated by mistake, apply',
    ]);
    expect(next).toEqual({
      edits: [],
      why: "find out whether the deactivated key has leaked, before anything is applied; see the error above",
      after: [],
    });
  });

  it("needs one edit when it has leaked and another key is exposed", () => {
    const { errors } = report(MOVED, [primary, secondary], [iam("AKIAPRIMARY", 80, "Inactive"), iam("AKIASECONDARY", 2)]);
    expect(errors).toEqual([
      'primary: AKIAPRIMARY is Inactive in IAM and Active in the settings: any apply re-activates it. If it has leaked, do not apply these settings: make these edits in one change and apply once: accessKeys.primary.status: Inactive (review/deckhouse/REVIEW.md, "After a leak"). If it was deactivated by mistake, apply',
    ]);
  });

  it("is an outage until DKP has another one when the outputs expose it", () => {
    const { errors, warnings, next } = report("{}", [primary], []);
    expect({ errors, warnings }).toEqual({
      errors: [
        "primary: AKIAPRIMARY, which the outputs expose, does not exist in IAM: it was deleted outside Terraform. DKP has no working key until the next apply has created a new one, and DKP has that one; see docs/how-to/recover.md#deleted-key",
      ],
      warnings: [],
    });
    expect(next).toEqual({ edits: [], why: "create the key again", after: ["apply", HAND_OVER] });
  });

  it("is an outage, and the other key, which may be the only one that works, stays", () => {
    const { errors, next } = report(RETIRED, [primary, secondary], [iam("AKIAPRIMARY", 80)]);
    expect(errors).toContain(
      "the next apply deactivates AKIAPRIMARY (primary), and the exposed key does not work; do not apply these settings",
    );
    expect(next).toEqual({
      edits: [{ setting: "accessKeys.primary.status", value: "Active" }],
      why: "keep the other key as it is and create the exposed one again",
      after: ["apply", HAND_OVER],
    });
  });

  it("leaves its slot absent when it was on its way out", () => {
    const { errors, warnings, next } = report(RETIRED, [primary, secondary], [iam("AKIASECONDARY", 2)]);
    expect({ errors, warnings }).toEqual({
      errors: [],
      warnings: [
        "primary: AKIAPRIMARY does not exist in IAM: it was deleted outside Terraform, and the next apply would create another key instead",
      ],
    });
    expect(next.edits).toEqual([{ setting: "accessKeys.primary.status", value: "absent" }]);
  });

  it("is never to be created when its slot is to be absent", () => {
    const { warnings, next } = report(DONE, [primary, secondary], [iam("AKIASECONDARY", 2)]);
    expect(warnings).toEqual([]);
    expect(next.why).toBe(
      "the settings are not applied yet: the next apply removes AKIAPRIMARY (primary) from the state; IAM does not have it",
    );
  });

  it("is an outage when the user was deleted", () => {
    const gone = { iam: { account: "123456789012", exists: false, keys: [] } };
    expect(about("", stateOf([primary], primary), [], gone).errors).toEqual([
      "IAM has no user deckhouse, and the state has it: the user was deleted or renamed outside Terraform. DKP has no working key until the next apply has created user and key again, and DKP has the new key; see docs/how-to/recover.md#deleted-key",
    ]);
  });

  it("was replaced by an apply, and DKP may not have the new one yet", () => {
    expect(report("{}", [primary], [iam("AKIAPRIMARY", 0)]).notes).toEqual([
      `primary: AWS reports no use of AKIAPRIMARY yet. Unless DKP has it, ${HAND_OVER}`,
    ]);
    expect(report("{}", [primary], [used(iam("AKIAPRIMARY", 1), 0)]).notes).toEqual([]);
  });
});

describe("a state that is not the account's", () => {
  const RESTORE = 'docs/how-to/keys.md, "Restore the state"';

  it("is older: the newer key is imported into the free slot, never deleted", () => {
    const inIam = [iam("AKIAPRIMARY", 80), used(iam("AKIASECONDARY", 20), 0.1)];
    const { errors, warnings, next } = about("", stateOf([primary], primary), inIam);
    expect({ errors, warnings }).toEqual({
      errors: [
        "AKIASECONDARY (Active, created 2026-10-12T00:00:00.000Z, last used 2026-10-31T21:36:00.000Z) is in IAM and not in the state, and may be the key that DKP has: the state is older than the account or was partly lost; do not delete or deactivate it, and do not apply. If an apply failed while it created the key, its secret is lost: run this command again 24 hours after its creation; see docs/how-to/recover.md#old-state",
      ],
      warnings: ["primary: the key is 80 days old; rotate before it is 90"],
    });
    expect(next).toEqual({
      edits: [{ setting: "accessKeys.secondary.status", value: "Active" }],
      why: `restore the version of the state that has the key (${RESTORE}). Only if there is none, import the key into the free slot, which does not touch it; Terraform does not get its secret, so the outputs lack it until the next rotation`,
      after: [
        "npx dkp-access synth",
        `terraform -chdir=${FOLDER} import aws_iam_access_key.user-secondary AKIASECONDARY`,
        "npx dkp-access keys deckhouse",
      ],
    });
  });

  it("lacks the exposed key, which is imported into its own slot", () => {
    const exposed = stateOf([secondary], primary);
    const { errors, next } = about(`accessKeys: ${BOTH}`, exposed, [iam("AKIAPRIMARY", 80), iam("AKIASECONDARY", 20)]);
    expect(errors[0]).toBe(
      "the outputs expose AKIAPRIMARY (primary), and the state has no such key: it was partly lost or edited; do not apply; see docs/how-to/recover.md#old-state",
    );
    expect(next.after).toContain(`terraform -chdir=${FOLDER} import aws_iam_access_key.user AKIAPRIMARY`);
  });

  it("has no free slot for the key: only an earlier version helps", () => {
    const inIam = [iam("AKIAPRIMARY", 80), used(iam("AKIATHIRD", 1), 0)];
    expect(report(BOTH, [primary, secondary], inIam).next).toEqual({
      edits: [],
      why: `restore the version of the state that has the key (${RESTORE})`,
      after: ["npx dkp-access keys deckhouse"],
    });
  });

  it("was lost within a rotation: both keys stay", () => {
    const lost = stateOf([], undefined, { user: undefined });
    const inIam = [iam("AKIAPRIMARY", 80), used(iam("AKIASECONDARY", 20), 0.1)];
    const { errors, warnings, next } = about(`accessKeys: ${MOVED}`, lost, inIam);
    expect({ errors, warnings }).toEqual({
      errors: [
        "the state has no user, and IAM has the user deckhouse with AKIAPRIMARY (Active, created 2026-08-13T00:00:00.000Z, no use reported) and AKIASECONDARY (Active, created 2026-10-12T00:00:00.000Z, last used 2026-10-31T21:36:00.000Z): the state was lost, belongs to another workspace, or the first apply failed; do not apply, and do not delete or deactivate a key; see docs/how-to/recover.md#lost-state",
      ],
      warnings: [],
    });
    expect(next).toEqual({
      why: `restore an earlier version of the state (${RESTORE}). Only if there is none, import what exists, which touches no key (docs/how-to/import.md), the key that DKP uses into primary: AKIASECONDARY was used last`,
      edits: [
        { setting: "import.user", value: "true" },
        { setting: "import.policy", value: "true" },
        { setting: "import.attachment", value: "true" },
        { setting: "accessKeys.primary.status", value: "Active" },
        { setting: "accessKeys.secondary.status", value: "absent" },
        { setting: "accessKeys.current", value: "primary" },
        { setting: "import.accessKeyId", value: "AKIASECONDARY" },
      ],
      after: [
        "apply",
        `import AKIAPRIMARY as well: set accessKeys.secondary.status: Active and run npx dkp-access synth, then terraform -chdir=${FOLDER} import aws_iam_access_key.user-secondary AKIAPRIMARY`,
        "npx dkp-access keys deckhouse",
      ],
    });
  });

  it("was lost: every object that exists is to be imported", () => {
    const imports = (settings: string) =>
      about(settings, stateOf([], undefined, { user: undefined }), [iam("AKIAPRIMARY", 80)])
        .next.edits.map(({ setting }) => setting)
        .filter((setting) => setting.startsWith("import."));
    expect(imports("attachment: group\nnodeRole: { name: dkp-nodes }")).toEqual([
      "import.user",
      "import.policy",
      "import.group",
      "import.nodeRole",
      "import.accessKeyId",
    ]);
    expect(imports(SEVERAL_POLICIES)).toEqual([
      "import.user",
      "import.policy",
      "import.additionalPolicies",
      "import.attachment",
      "import.accessKeyId",
    ]);
  });

  it("is empty before the first apply, which is no error", () => {
    const first = { iam: { account: "123456789012", exists: false, keys: [] } };
    const { errors, warnings, next } = about("", readState(""), [], first);
    expect({ errors, warnings, why: next.why }).toEqual({
      errors: [],
      warnings: [],
      why: "the settings are not applied yet: the next apply creates a key in primary",
    });
  });

  it("is of another user", () => {
    const other = stateOf([primary], primary, { user: { name: "other", arn: "arn:aws:iam::123456789012:user/other" } });
    expect(about("", other, []).errors).toEqual([
      `user.name: the settings have "deckhouse", and the state has the user "other": it is the state of another workspace, or user.name was changed, and the next apply would delete the keys; do not apply; check the backend and terraform -chdir=${FOLDER} workspace show, or set user.name: "other"`,
    ]);
  });

  it("is of another account than the credentials, or the settings", () => {
    const { errors, slots } = about('accountId: "123456789012"', stateOf([primary], primary), [], {
      iam: { account: "210987654321", exists: false, keys: [] },
    });
    expect({ errors, slots }).toEqual({
      errors: [
        "the state's user belongs to account 123456789012, and the credentials to account 210987654321: use credentials of 123456789012, or check the backend; do not apply",
        "accountId: the settings have 123456789012, and the credentials belong to account 210987654321: use other credentials",
      ],
      slots: [],
    });
  });

  it("does not show which key is exposed", () => {
    const { warnings, next } = about("", stateOf([primary]), [iam("AKIAPRIMARY", 9)]);
    expect(warnings).toEqual(["the state has keys and no output access_key_id, so it does not show which key DKP has"]);
    expect(next.after).toEqual(["apply"]);
  });
});

describe("tainted resources", () => {
  it("are all to be untainted, whatever they are", () => {
    const tainted = ["aws_iam_user.user", "aws_iam_user_policy_attachment.policy-attachment"];
    const { errors, next } = about("", stateOf([primary], primary, { tainted }), [iam("AKIAPRIMARY", 1)]);
    expect(errors).toEqual(
      tainted.map(
        (address) =>
          `${address} is tainted: an apply failed after creating it, and the next one would replace it, which deletes the existing one or fails; keep it: terraform -chdir=${FOLDER} untaint ${address}; see docs/how-to/recover.md#tainted`,
      ),
    );
    expect(next).toEqual({
      edits: [],
      why: "untaint the resources named above, and only then apply",
      after: ["npx dkp-access keys deckhouse"],
    });
  });

  it("may be a key whose secret is lost", () => {
    const key = { ...primary, tainted: true, secret: undefined };
    const tainted = ["aws_iam_access_key.user"];
    const { errors } = about("", stateOf([key], key, { tainted }), [iam("AKIAPRIMARY", 1)]);
    expect(errors).toEqual([
      `aws_iam_access_key.user is tainted: an apply failed after creating it, and the next one would replace it, which deletes the existing one or fails; keep it: terraform -chdir=${FOLDER} untaint aws_iam_access_key.user; the state does not have its secret, so rotate to the other slot afterwards; see docs/how-to/recover.md#tainted`,
    ]);
  });
});

describe("warnings about keys", () => {
  it.each([
    [74, []],
    [75, ["primary: the key is 75 days old; rotate before it is 90"]],
  ])("come from 75 days on: %d", (days, warnings) => {
    expect(report("{}", [primary], [iam("AKIAPRIMARY", days)]).warnings).toEqual(warnings);
  });

  it("name a quiet key that is not in the state, and how to deactivate it first", () => {
    const warning = (status: string) =>
      report("{}", [primary], [iam("AKIAPRIMARY", 1), iam("AKIAUNMANAGED", 1, status)]).warnings;
    const found =
      "created 2026-10-31T00:00:00.000Z, no use reported) is in IAM and not in the state: created outside Terraform or left by a failed apply, and AWS reports no use in the last 24 hours";
    const keep = `; to keep it, terraform -chdir=${FOLDER} import aws_iam_access_key.user-secondary AKIAUNMANAGED; see docs/how-to/recover.md#unmanaged-key`;
    expect(warning("Active")).toEqual([
      `AKIAUNMANAGED (Active, ${found}; if nothing uses it, deactivate it first, which can be reversed: aws iam update-access-key --user-name deckhouse --access-key-id AKIAUNMANAGED --status Inactive${keep}`,
    ]);
    expect(warning("Inactive")).toEqual([
      `AKIAUNMANAGED (Inactive, ${found}; if nothing requires it, delete it: aws iam delete-access-key --user-name deckhouse --access-key-id AKIAUNMANAGED${keep}`,
    ]);
  });

  it("report, before the apply, a third key that IAM would reject", () => {
    expect(report(BOTH, [primary], [iam("AKIAPRIMARY", 1), iam("AKIAUNMANAGED", 1)]).warnings).toContain(
      "the next apply would create a third key, which IAM rejects (2 per user, LimitExceeded); see docs/how-to/recover.md#unmanaged-key",
    );
  });

  it("name an import that Terraform ignores, because the primary slot has a key", () => {
    const id = "AKIAIOSFODNN7EXAMPLE";
    const { warnings } = about(`import: { accessKeyId: ${id} }`, stateOf([primary], primary), [iam("AKIAPRIMARY", 1)]);
    expect(warnings).toEqual([
      `import.accessKeyId: ${id} is not imported: the primary slot has AKIAPRIMARY already; remove import.accessKeyId`,
    ]);
  });

  it.each([
    ["2026-12-15", ["primary: its OpenPGP key expires in 17 days; rotate to a new one"]],
    ["2027-02-01", ["primary: its OpenPGP key has expired; Terraform cannot create a key with it"]],
    ["2026-11-01", []],
  ])("report an OpenPGP key that expires soon or has expired, on %s", (day, warnings) => {
    const now = new Date(`${day}T00:00:00Z`);
    const state = stateOf([{ ...primary, pgpKey: EXPIRING_KEY }], primary);
    const inIam = [{ id: "AKIAPRIMARY", status: "Active", created: now }];
    expect(about(`accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`, state, inIam, { now }).warnings).toEqual(warnings);
  });
});

describe("the report as text", () => {
  it("lists slots, errors, warnings, notes and the edit to make", () => {
    const text = keyReportText(report("{}", [primary], [used(iam("AKIAPRIMARY", 80), 0.5)]), "deployments");
    expect(text).toBe(
      [
        "deckhouse: keys of the user deckhouse",
        "  primary: AKIAPRIMARY Active, exposed by the outputs, 80 days old, last used 2026-10-31T12:00:00.000Z for ec2 in eu-central-1, its secret is in plaintext in the state",
        "  secondary: absent",
        "warning: primary: the key is 80 days old; rotate before it is 90",
        "next: to rotate, create a second key; to encrypt its secret, set accessKeys.secondary.pgpKey in the same change (docs/how-to/keys.md)",
        "  deployments/deckhouse.yaml: accessKeys.secondary.status: Active",
        "  then apply",
        "",
      ].join("\n"),
    );
    expect(keyReportText(report("{}", [primary], []), "deployments")).toMatch(/^error: primary: AKIAPRIMARY/m);
    expect(keyReportText(report("{}", [primary], [iam("AKIAPRIMARY", 1)]), "deployments")).toMatch(
      /^note: primary: AWS reports no use/m,
    );
  });
});

describe("a state", () => {
  const instance = (attributes: object, status?: string) => [{ status, attributes }];
  const resources = [
    {
      mode: "managed",
      type: "aws_iam_access_key",
      name: "user",
      instances: instance({ id: "A", status: "Active", secret: "s" }),
    },
    {
      mode: "managed",
      type: "aws_iam_access_key",
      name: "user-secondary",
      instances: instance({ id: "B", encrypted_secret: "e" }, "tainted"),
    },
    { mode: "managed", type: "aws_iam_user", name: "user", instances: instance({ name: "deckhouse", arn: ARN }, "tainted") },
  ];

  it("has its keys by slot", () => {
    expect(keysOf(JSON.stringify({ version: 4, resources }))).toMatchObject([
      { slot: "primary", id: "A", status: "Active", tainted: false, secret: "s" },
      { slot: "secondary", id: "B", status: "Active", tainted: true, encryptedSecret: "e" },
    ]);
    expect(keysOf("")).toEqual([]);
  });

  it("has the exposed key, the user and every tainted resource", () => {
    const outputs = { access_key_id: { value: "A" }, access_key_slot: { value: "primary" } };
    expect(readState(JSON.stringify({ version: 4, outputs, resources }))).toMatchObject({
      exposed: { id: "A", slot: "primary" },
      user: { name: "deckhouse", arn: ARN },
      tainted: ["aws_iam_access_key.user-secondary", "aws_iam_user.user"],
    });
  });

  it.each([
    "null",
    "[]",
    "{}",
    '"secret"',
    '{"version": 4, "resources": [',
    "<html>secret</html>",
    '{"version":3,"resources":[]}',
  ])("that is damaged is one message with the remedy and without content: %s", (state) => {
    expect(() => readState(state)).toThrow(
      new Error(
        "the state is damaged: it is no Terraform state of version 4; restore an earlier version of it (docs/how-to/recover.md#damaged-state)",
      ),
    );
  });

  it("with parts of the wrong type is read as far as it goes", () => {
    const odd = [null, { mode: "managed", type: "aws_iam_access_key", name: "user", instances: [null, { attributes: 3 }] }, 7];
    expect(readState(JSON.stringify({ version: 4, outputs: null, resources: odd }))).toMatchObject({
      exposed: { id: undefined, slot: undefined },
      user: undefined,
      tainted: [],
    });
  });
});
