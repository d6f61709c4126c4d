import { expectGolden } from "../../../../../__tests__/helpers/golden";
import {
  DEPLOYED,
  iamKey,
  inCluster,
  NEW,
  OLD,
  rotated,
  SITUATIONS,
  situation,
} from "../../../../../__tests__/helpers/key-situations";
import { keyReport, keyReportText, keysJson } from "../../../src/account/keys/report";
import type { KeySituation } from "../../../src/account/keys/situation";

const text = (given: KeySituation) => keyReportText(keyReport(given));
const rulesOf = (given: KeySituation) => keyReport(given).findings.map(({ rule }) => rule);

describe("the report of keys", () => {
  it.each(Object.entries(SITUATIONS))("has its rules where %s", (_, [given, rules]) => {
    expect(rulesOf(given).join(", ")).toBe(rules);
  });

  /** `npm run golden` writes the file. */
  it("has the tables of golden/messages/key-tables.txt", () => {
    const tables = Object.entries(SITUATIONS).map(([name, [given]]) => {
      const rows = text(given)
        .split("\n")
        .filter((line) => /^ {2}(?!risk|->)/.test(line));
      return `## ${name}\n${rows.join("\n")}\n`;
    });
    expectGolden("messages/key-tables.txt", tables.join("\n"));
  });

  it("is a table, then each difference with its remedy, or what rotate does", () => {
    const given = inCluster(
      situation("cluster: { prefix: dev }", NEW, iamKey(OLD, 60, 0.1), iamKey(NEW, 1)),
      OLD,
    );
    expect(text(given)).toBe(`deckhouse: keys of the user deckhouse in account 123456789012
  key                   status  age      last use         who has it
  ${OLD}  Active  60 days  2026-10-31, ec2  DKP
  ${NEW}  Active  1 day    never            Terraform
attention: ${NEW} is newer than ${OLD}, the key that DKP has, and nothing has used it
  -> if it is Terraform's key, give it to DKP: npx dkp-access hand-over deckhouse --cluster
`);
  });

  it("prints the command that deletes a key which Terraform's next one has no room beside", () => {
    const given = situation("", NEW, iamKey(OLD, 60, 20, "Inactive"), iamKey(NEW, 9, 0.1));
    expect(text(given)).toContain(
      `-> if nothing needs it any more: aws iam delete-access-key --region=us-east-1 --user-name=deckhouse --access-key-id=${OLD}\n`,
    );
  });

  it.each([
    ["rotate", rotated(), "npx dkp-access rotate deckhouse --cluster gives a running cluster one"],
    [
      "terraform",
      situation("", undefined),
      "apply, if the state has no key; then npx dkp-access hand-over deckhouse --cluster gives a running cluster one",
    ],
  ])("says how DKP gets its first key where managedBy is %s", (_, given, remedy) => {
    expect(text(given)).toBe(`deckhouse: keys of the user deckhouse in account 123456789012
  none
attention: the user has no key that works
  -> ${remedy}; for an installation, write --out FILE instead of --cluster
`);
  });

  it("says of no key that nobody has it where the cluster was not read", () => {
    const keys = [iamKey(OLD, 9, 0.1), iamKey(NEW, 5)];
    for (const managedBy of ["terraform", "rotate", "none"]) {
      const given = situation(`accessKeys: { managedBy: ${managedBy} }`, undefined, ...keys);
      expect(text(given)).not.toContain("nobody");
      expect(rulesOf(given)).not.toContain("key-of-nobody");
    }
  });

  it("accuses no cluster without a prefix where the settings have none", () => {
    const { cluster, ...given } = inCluster(DEPLOYED, OLD);
    const without = { ...given, cluster: cluster && { ...cluster, prefix: undefined } };
    expect(rulesOf(without)).toEqual(["nothing-to-end"]);
  });

  it("has the keys as data, and never a secret", () => {
    const json = keysJson(keyReport(inCluster(rotated(iamKey(OLD, 9, 0.1)), OLD)));
    expect(json).toMatchObject({
      stack: "deckhouse",
      user: "deckhouse",
      keys: [{ id: OLD, status: "Active", who: "DKP until 2027-01-21" }],
    });
    expect(JSON.stringify(keysJson(keyReport(DEPLOYED)))).not.toContain("the secret");
  });
});
