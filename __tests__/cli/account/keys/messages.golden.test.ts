import { contextOf } from "../../../../src/cli/account/keys/actions";
import { isUnknown, leakResponse, leakText } from "../../../../src/cli/account/keys/leak";
import { keyReport, keyReportText, keysJson } from "../../../../src/cli/account/keys/report";
import type { KeySituation } from "../../../../src/cli/account/keys/situation";
import { deployment } from "../../../helpers/deployment";
import { expectGolden } from "../../../helpers/golden";
import {
  BOTH,
  DEPLOYED,
  iamKey,
  PRIMARY,
  RETIRED,
  SECONDARY,
  SITUATIONS,
  situation,
  USED,
} from "../../../helpers/keys/situations";
import { ENCRYPTION_KEY } from "../../../helpers/pgp-keys";

const text = (given: KeySituation) => keyReportText(keyReport(given), contextOf(given, "deployments", "terraform"));
const IS_FINDING = /^(?:note|attention|unverifiable|breaking| {2}risk| {2}->)/;
const leaked = (given: KeySituation, ...ids: readonly string[]) =>
  leakText(given, leakResponse(given, ids), contextOf(given, "deployments", "terraform"));

describe("the report of keys", () => {
  it.each(Object.entries(SITUATIONS))("of %s has its rules and its next step", (_, { given, rules, why }) => {
    const { findings, next } = keyReport(given);
    const found = findings.map(({ rule, field, address }) => [rule, field ?? address ?? []].flat().join(" "));
    expect({ rules: found.join(", "), why: next.why }).toEqual({ rules, why });
  });

  /** Those of findings are in keys.txt. `npm run golden` writes the file. */
  it("and the response to a leak have the sentences of golden/messages/key-steps.txt", () => {
    const two = situation(BOTH, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)]);
    const reports = Object.entries(SITUATIONS).map(([name, { given }]) => [name, text(given)] as const);
    const printed = new Set<string>();
    const sections = [...reports, ["a leak, with another key", leaked(two, "AKIAPRIMARY")] as const].flatMap(([name, report]) => {
      const lines = report.split("\n").filter((line) => !printed.has(line.trim()) && !IS_FINDING.test(line));
      for (const line of lines) {
        printed.add(line.trim());
      }
      return lines.length === 0 ? [] : [`## in the situation: ${name}\n${lines.join("\n")}`];
    });
    expectGolden("messages/key-steps.txt", `${sections.join("\n").replaceAll(ENCRYPTION_KEY, "PGP_KEY")}\n`);
  });

  it("has the step as data, and never a secret", () => {
    const json = keysJson(keyReport(DEPLOYED), contextOf(DEPLOYED, "deployments", "terraform"));
    expect(json).toMatchObject({
      stack: "deckhouse",
      slots: [
        { slot: "primary", id: "AKIAPRIMARY", current: true, isPlaintext: true },
        { slot: "secondary", inSettings: "absent" },
      ],
      next: { why: "done", edits: [{ setting: "accessKeys.secondary.status", value: "Active" }], actions: [{ do: "apply" }] },
    });
    expect(JSON.stringify(json)).not.toContain('"secret"');
  });
});

describe("the response to a leaked key", () => {
  it("names every other key before step 1, also an Inactive one, and repeats the command with it", () => {
    const keys = [USED, iamKey("AKIAOTHER", 0.1, undefined, "Inactive")];
    const [before = ""] = leaked(situation("", [PRIMARY], keys)).split("1. Deactivate");
    expect(before).toContain("AKIAOTHER (Inactive, created 2026-10-31T21:36:00.000Z, no use reported)");
    expect(before).toContain("npx dkp-access keys --leaked deckhouse --key AKIAPRIMARY AKIAOTHER");
  });

  it("asks which key leaked where the user has another Active one, which DKP may have", () => {
    const two = situation(BOTH, [PRIMARY, SECONDARY], [USED, iamKey("AKIASECONDARY", 3)], SECONDARY);
    expect(() => leaked(two)).toThrow("name the leaked one: --key AKIAPRIMARY or AKIASECONDARY");
  });

  it.each([
    ["the exposed one", "", [PRIMARY], "AKIAPRIMARY", "hand-over"],
    ["an imported one", "", [{ ...PRIMARY, secret: undefined }], "AKIAPRIMARY", "create"],
    ["another one outside Terraform", "accessKeys: none", [], "AKIAOTHER", "none-create"],
  ])("never says that DKP keeps its key where only %s is left", (_, settings, keys, left, why) => {
    const given = situation(settings, keys, [iamKey(left, 80, 0.1), iamKey("AKIALEAKED", 9, 0.1)]);
    expect(leakResponse(given, ["AKIALEAKED"]).after.why).toBe(why);
  });

  it("creates no key besides two others with accessKeys: none", () => {
    const others = [iamKey("AKIAONE", 9, 0.1), iamKey("AKIATWO", 9)];
    expect(leakResponse(situation("accessKeys: none", [], others), ["AKIALEAKED"]).after.why).toBe("none");
  });

  it("removes the import of the key first", () => {
    const id = "AKIAABCDEFGHIJKLMNOP";
    const pending = situation(`import: { user: true, accessKeyId: ${id} }`, [], [iamKey(id, 9)]);
    expect(leakResponse(pending, [id]).contain.edits).toEqual([{ setting: "import.accessKeyId", value: undefined }]);
  });

  it("gives DKP no retired key: nobody knows why it is Inactive", () => {
    const keys = [iamKey("AKIAPRIMARY", 80, 5, "Inactive"), iamKey("AKIASECONDARY", 9, 0.1)];
    const response = leakResponse(situation(RETIRED, [PRIMARY, SECONDARY], keys, SECONDARY), []);
    expect(response.after).toMatchObject({ why: "apply", edits: [], actions: [{ do: "apply" }, { do: "hand-over" }] });
  });

  it("creates no key of a user that does not exist yet: the settings have another user since", () => {
    const none = situation("accessKeys: none", [], []);
    const given = { ...none, iam: { ...none.iam, exists: false, owners: { AKIALEAKED: "former" } } };
    expect(leakResponse(given, ["AKIALEAKED"]).after).toMatchObject({ why: "apply", actions: [{ do: "apply" }] });
  });

  it("creates the next key at once, also where the leaked one was created minutes ago", () => {
    const created = new Date(DEPLOYED.iam.now.getTime() - 60_000);
    const fresh = situation("", [{ ...PRIMARY, created }], [iamKey("AKIAPRIMARY", 0, 0)]);
    expect(leakResponse(fresh, []).after).toMatchObject({ why: "apply" });
  });

  it("deactivates also a key that IAM does not list yet, and no key that is Inactive", () => {
    expect(leakResponse(DEPLOYED, ["AKIANEW"]).contain.actions).toEqual([
      { do: "deactivate", key: "AKIANEW" },
      { do: "delete", key: "AKIANEW" },
    ]);
    const inactive = situation("", [PRIMARY], [iamKey("AKIAPRIMARY", 9, 0.1, "Inactive")]);
    expect(leakResponse(inactive, []).contain.actions).toEqual([{ do: "delete", key: "AKIAPRIMARY" }]);
  });

  it("ends the key, and asks for the state, where the state cannot be read", () => {
    const unreachable = { ...situation("", [], [iamKey("AKIALEAKED", 9, 0.1)]), unreachable: "no credentials" };
    expect(leakResponse(unreachable, ["AKIALEAKED"])).toMatchObject({
      contain: { actions: [{ do: "deactivate" }, { do: "delete", key: "AKIALEAKED" }] },
      after: { why: "unreachable", edits: [], actions: [] },
    });
  });

  it("says of no object that it is absent where IAM cannot be read", () => {
    const iam = { ...DEPLOYED.iam, account: undefined, exists: false, keys: [] };
    const response = leakResponse({ ...DEPLOYED, iam, unread: ["iam:ListAccessKeys: AccessDenied"] }, ["AKIAPRIMARY"]);
    expect(response).toMatchObject({ after: { why: "unreachable" }, unverifiable: [] });
  });

  it("ends a key of the user that has it now, and then stops: the user was renamed", () => {
    const renamed = SITUATIONS["a user that was renamed"]?.given ?? DEPLOYED;
    const response = leakResponse(renamed, []);
    expect(response).toMatchObject({ contain: { actions: [{ user: "deckhouse-old" }, {}] }, after: { why: "unverifiable" } });
    expect(isUnknown(renamed, response)).toBe(false);
    const commands = leaked(renamed).match(/--user-name=\S+/g);
    expect(commands).toEqual(Array(4).fill("--user-name=deckhouse-old"));
  });

  it("says where no user is known to have a key: nothing shows that it is dead", () => {
    const response = leakResponse(DEPLOYED, ["AKIANEW"]);
    expect(isUnknown(DEPLOYED, response)).toBe(true);
    expect(leaked(DEPLOYED, "AKIANEW")).toContain("leaked: AKIANEW (no user is known to have it)\n");
  });

  it("gives DKP no other key of a user that a policy denies", () => {
    const quarantined = SITUATIONS["a user that AWS quarantined"]?.given ?? DEPLOYED;
    expect(leakResponse(quarantined, []).after).toMatchObject({ why: "unverifiable", edits: [], actions: [] });
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
