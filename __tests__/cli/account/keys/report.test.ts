import { leakText } from "../../../../src/cli/account/keys/leak";
import { keyReport, keyReportText, keysJson } from "../../../../src/cli/account/keys/report";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import { untilText } from "../../../../src/cli/text/time";
import { deployment } from "../../../helpers/deployment";
import { expectGolden } from "../../../helpers/golden";
import {
  DEPLOYED,
  iamKey,
  inCluster,
  MOVED,
  NEW,
  OLD,
  rotation,
  SITUATIONS,
  situation,
  withIam,
} from "../../../helpers/keys/situations";

const FILE = "deployments/deckhouse.yaml";
const text = (given: KeySituation) => keyReportText(keyReport(given), FILE);
const IS_FINDING = /^(?:note|attention|unverifiable|breaking| {2}risk| {2}->)/;

describe("the report of keys", () => {
  it.each(Object.entries(SITUATIONS))(
    "of %s has its rules and its next step",
    (_, { given, rules, why }) => {
      const { findings, next } = keyReport(given);
      expect({ rules: findings.map(({ rule }) => rule).join(", "), why: next.why }).toEqual({
        rules,
        why,
      });
    },
  );

  /** Those of findings are in keys.txt. `npm run golden` writes the file. */
  it("and what is seen of a leak have the sentences of golden/messages/key-steps.txt", () => {
    const reports = Object.entries(SITUATIONS).map(
      ([name, { given }]) => [name, text(given)] as const,
    );
    const printed = new Set<string>();
    const sections = [...reports, ["a leak, with another key", leakText(LEAK)] as const].flatMap(
      ([name, report]) => {
        const lines = report
          .split("\n")
          .filter((line) => !printed.has(line.trim()) && !IS_FINDING.test(line));
        for (const line of lines) {
          printed.add(line.trim());
        }
        return lines.length === 0 ? [] : [`## in the situation: ${name}\n${lines.join("\n")}`];
      },
    );
    expectGolden("messages/key-steps.txt", `${sections.join("\n")}\n`);
  });

  it.each([
    [74, []],
    [75, ["key-old"]],
  ])("names a key of %i days, of 90 that it may have: %j", (days, rules) => {
    const given = withIam(DEPLOYED, { keys: [iamKey(OLD, days, 0.1)] });
    expect(keyReport(given).findings.map(({ rule }) => rule)).toEqual(rules);
  });

  it("has the step as data, and never a secret", () => {
    const json = keysJson(keyReport(DEPLOYED), FILE);
    expect(json).toMatchObject({
      stack: "deckhouse",
      slots: [
        { slot: "primary", id: OLD, current: true, isPlaintext: true },
        { slot: "secondary", inSettings: "absent" },
      ],
      dkpKey: { id: OLD },
      next: {
        why: "done",
        edits: [
          { setting: "accessKeys.secondary.status", value: "Active" },
          { setting: "accessKeys.current", value: "secondary" },
        ],
        actions: ["apply", "hand-over"],
      },
    });
    expect(JSON.stringify(json)).not.toContain('"secret"');
  });

  it("names the cluster in the commands, and says which key DKP has", () => {
    const shown = text(inCluster(rotation(MOVED, iamKey(OLD, 60, 0.1), iamKey(NEW, 0.05)), OLD));
    expect(shown).toContain("DKP has it, its secret");
    expect(shown).toContain("then npx dkp-access hand-over deckhouse --cluster --context=dev\n");
  });

  it("prints the block of a cluster that Commander manages, which nothing is written to", () => {
    const { cluster, ...given } = inCluster(
      rotation(MOVED, iamKey(OLD, 60, 0.1), iamKey(NEW, 0.05)),
      OLD,
    );
    expect(text({ ...given, cluster: cluster && { ...cluster, isOfCommander: true } })).toContain(
      "then npx dkp-access hand-over deckhouse --out FILE\n",
    );
  });

  it("accuses no cluster without a prefix where the settings have none", () => {
    const { cluster, ...given } = inCluster(DEPLOYED, OLD);
    const report = keyReport({ ...given, cluster: cluster && { ...cluster, prefix: undefined } });
    expect([report.findings, report.next.why]).toEqual([[], "done"]);
  });

  it("accuses no younger key of rotate where only a use shows which one DKP has", () => {
    const keys = [iamKey(OLD, 20, 0.1), iamKey(NEW, 9, 2)];
    const given = situation("accessKeys: { managedBy: rotate, maxAge: 30 }", [], keys);
    const rulesOf = (dkpKey?: string) =>
      keyReport({ ...given, dkpKey }).findings.map(({ rule }) => rule);
    expect(rulesOf()).toEqual(["key-external", "key-external", "rotated-keys-both-used"]);
    expect(rulesOf(OLD)).toEqual(["key-of-dkp", "rotated-key-unmanaged"]);
  });

  it("names the command that replaces a dead key of rotate", () => {
    const settings = "accessKeys: { managedBy: rotate, maxAge: 30 }";
    const given = situation(settings, [], [iamKey(OLD, 9, 1, "Inactive")]);
    expect(text({ ...given, dkpKey: OLD })).toContain(
      `breaking: DKP has ${OLD}, which is Inactive\n  risk: AWS denies DKP's calls\n  -> npx dkp-access rotate deckhouse --cluster gives it another one, and asks a person first\nnext: first do what is said above, then run keys again\n`,
    );
  });

  it("waits to the minute, and for the use that AWS reports", () => {
    expect(text(rotation(MOVED, iamKey(OLD, 60, 0.5), iamKey(NEW, 1, 0.1)))).toContain(
      `next: wait until 2026-11-01 12:00 UTC: AWS reports a use of ${OLD} at 2026-10-31 12:00 UTC\n`,
    );
    expect(untilText(new Date("2026-11-01T12:00:26.435Z"))).toBe("2026-11-01 12:01 UTC");
  });
});

const SITUATION = rotation(MOVED, iamKey(OLD, 60, 0.1), iamKey(NEW, 0.05));
const LEAK = { ...SITUATION, ids: [OLD], notRead: [] };

describe("what is seen of a leaked key", () => {
  it("is whose it is, its status, its slot, and what that means for step 4", () => {
    const [, leaked, absent] = leakText(LEAK).split("\n");
    expect(leaked).toMatch(
      new RegExp(
        `^leaked: ${OLD} \\(Active, .*\\), a key of the user deckhouse, in the slot primary$`,
      ),
    );
    expect(absent).toBe(
      "it is not the current key: in step 4, set accessKeys.primary.status: absent before you apply",
    );
    expect(leakText({ ...LEAK, ids: [NEW] })).not.toContain("in step 4");
    const back = deployment("accessKeys: { secondary: { status: Active } }");
    expect(leakText({ ...LEAK, settings: back })).toContain(
      "accessKeys.primary.status: absent and accessKeys.current: secondary before you apply",
    );
  });

  it("is which key the cluster has, and each other key with the command that names both", () => {
    const seen = leakText({ ...inCluster(SITUATION, NEW), ids: [OLD], notRead: [] });
    expect(seen).toContain(`DKP has ${NEW} in dev\n`);
    expect(seen).toContain(`run npx dkp-access keys deckhouse --leaked ${OLD} --leaked ${NEW}\n`);
  });

  it("is that another user has it, nobody, or that it could not be read", () => {
    const ids = ["AKIALEAKED0000000000"];
    expect(leakText({ ...LEAK, ids })).toContain("no user is known to have it");
    const iam = { ...LEAK.iam, owners: { AKIALEAKED0000000000: "deckhouse-old" } };
    expect(leakText({ ...LEAK, ids, iam })).toContain("a key of the user deckhouse-old\n");
    expect(leakText({ ...LEAK, state: undefined, notRead: ["no state"] })).toContain(
      "not read: no state\n",
    );
  });
});
