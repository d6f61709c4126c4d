import { type IamKey, keyReport, keyReportText } from "../../src/review/keys";
import { keysOf, type StateKey } from "../../src/review/state";
import { deployment } from "../helpers/deployment";
import { EXPIRING_KEY } from "../helpers/pgp-keys";

const NOW = new Date("2026-11-01T00:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

const iam = (id: string, days: number, status = "Active"): IamKey => ({ id, status, created: daysAgo(days) });
const primary: StateKey = { slot: "primary", id: "AKIAPRIMARY", status: "Active", tainted: false };
const secondary: StateKey = { slot: "secondary", id: "AKIASECONDARY", status: "Active", tainted: false };

const report = (accessKeys: string, state: readonly StateKey[], inIam: readonly IamKey[]) =>
  keyReport(deployment(`accessKeys: ${accessKeys}`), state, inIam, NOW);

const BOTH = "{ secondary: { status: Active } }";
const MOVED = "{ secondary: { status: Active }, current: secondary }";
const RETIRED = "{ primary: { status: Inactive }, secondary: { status: Active }, current: secondary }";

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
      "a new key made on the same day",
      BOTH,
      [primary, secondary],
      [iam("AKIAPRIMARY", 0.5), iam("AKIASECONDARY", 0.1)],
      [{ setting: "accessKeys.current", value: "secondary" }],
    ],
    [
      "the new key handed out",
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
    [
      "the way back",
      "{ primary: { status: absent }, secondary: { status: Active }, current: secondary }",
      [secondary],
      [iam("AKIASECONDARY", 80)],
      [{ setting: "accessKeys.primary.status", value: "Active" }],
    ],
    ["settings not applied", BOTH, [primary], [iam("AKIAPRIMARY", 80)], []],
    ["no keys of Terraform's", "none", [], [], []],
  ] as const)("with %s", (_, accessKeys, state, inIam, edits) => {
    expect(report(accessKeys, state, inIam).next.edits).toEqual(edits);
  });
});

describe("warnings about keys", () => {
  it.each([
    [74, []],
    [75, ["primary: the key is 75 days old; rotate before it is 90"]],
  ])("come from 75 days on: %d", (days, warnings) => {
    expect(report("{}", [primary], [iam("AKIAPRIMARY", days)]).warnings).toEqual(warnings);
  });

  it("tell a key that is in IAM and not in the state", () => {
    expect(report("{}", [primary], [iam("AKIAPRIMARY", 1), iam("AKIAFOREIGN", 1)]).warnings).toEqual([
      "AKIAFOREIGN (Active) is in IAM and not in the state: made by hand or left by a failed apply; take it over with adopt.accessKeyId, or delete it if nobody uses it",
    ]);
  });

  it("tell, before the apply, of a third key that IAM would refuse", () => {
    expect(report(BOTH, [primary], [iam("AKIAPRIMARY", 1), iam("AKIAFOREIGN", 1)]).warnings).toContain(
      "the next apply would make a third key, which IAM refuses (2 per user); first delete AKIAFOREIGN",
    );
  });

  it("tell a tainted key", () => {
    expect(report("{}", [{ ...primary, tainted: true }], [iam("AKIAPRIMARY", 1)]).warnings).toEqual([
      expect.stringMatching(/^primary: AKIAPRIMARY was left tainted by an apply that failed/),
    ]);
  });

  it("tell a key that somebody deleted or deactivated", () => {
    expect(report("{}", [primary], []).warnings).toEqual([
      expect.stringMatching(/^primary: AKIAPRIMARY is in the state, and IAM does not know it/),
    ]);
    expect(report("{}", [primary], [iam("AKIAPRIMARY", 1, "Inactive")]).warnings).toEqual([
      "primary: the key is Inactive and the settings want it Active; apply",
    ]);
  });

  it.each([
    ["2026-12-15", ["primary: its OpenPGP key expires in 17 days; rotate to a new one"]],
    ["2027-02-01", ["primary: its OpenPGP key has expired; Terraform makes no key with it"]],
    ["2026-11-01", []],
  ])("tell an OpenPGP key near or past its end, on %s", (day, warnings) => {
    const settings = deployment(`accessKeys: { primary: { pgpKey: ${EXPIRING_KEY} } }`);
    const now = new Date(`${day}T00:00:00Z`);
    const inIam = [{ id: "AKIAPRIMARY", status: "Active", created: now }];
    expect(keyReport(settings, [{ ...primary, pgpKey: EXPIRING_KEY }], inIam, now).warnings).toEqual(warnings);
  });
});

describe("the report for people", () => {
  it("tells slots, warnings and the edit to make", () => {
    const used = { at: new Date("2026-10-31T12:00:00Z"), service: "ec2", region: "eu-central-1" };
    const text = keyReportText(report("{}", [primary], [{ ...iam("AKIAPRIMARY", 80), lastUsed: used }]));
    expect(text).toBe(
      [
        "deckhouse: keys of the user deckhouse",
        "  primary: AKIAPRIMARY Active, handed out, 80 days old, last used 2026-10-31T12:00:00.000Z for ec2 in eu-central-1",
        "  secondary: absent",
        "warning: primary: the key is 80 days old; rotate before it is 90",
        "next: to rotate, make a second key",
        "  deployments/deckhouse.yaml: accessKeys.secondary.status: Active",
        "  then apply",
        "",
      ].join("\n"),
    );
  });
});

describe("a state", () => {
  it("tells its keys by slot", () => {
    const instance = (attributes: object, status?: string) => [{ status, attributes }];
    const state = {
      version: 4,
      resources: [
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
        { mode: "managed", type: "aws_iam_user", name: "user", instances: instance({ id: "deckhouse" }) },
      ],
    };
    expect(keysOf(JSON.stringify(state))).toMatchObject([
      { slot: "primary", id: "A", status: "Active", tainted: false, secret: "s" },
      { slot: "secondary", id: "B", status: "Active", tainted: true, encryptedSecret: "e" },
    ]);
    expect(keysOf("")).toEqual([]);
  });
});
