import "@microsoft/jest-sarif";
import { toBeValidSarifLog } from "@microsoft/jest-sarif";
import schema from "../../../docs/reference/findings.schema.json";
import { type Changes, changesJson, changesExitCode as exitCodeOf } from "../../../src/cli/diff/changes";
import { changesAgainst } from "../../../src/cli/diff/compare";
import { changesOfPlan } from "../../../src/cli/diff/plan";
import { changesSarif, type SettingsFiles } from "../../../src/cli/diff/sarif";
import { parseYaml } from "../../../src/settings/yaml-file";
import type { JsonObject } from "../../../src/text/json";
import { editedPlans } from "../../helpers/edited-plans";
import { schemaErrors } from "../../helpers/json-schema";
import { memoized } from "../../helpers/memoized";
import { reviewPackOf } from "../../helpers/packs";
import { packFilesOf } from "../../helpers/reviewed";

expect.extend({ toBeValidSarifLog });

/** The settings file of every stack. */
const filesOf = (settings: string): SettingsFiles => {
  const parsed = parseYaml(settings);
  return {
    path: (stack) => `deployments/${stack}.yaml`,
    lineOf: (_, field) => ("file" in parsed ? parsed.file.lineOf(field) : undefined),
  };
};

const between = memoized(
  (before: string, after: string): Changes =>
    changesAgainst({ deckhouse: reviewPackOf(before) }, { deckhouse: reviewPackOf(after) }, "Compared with main", {
      packOf: packFilesOf,
      withFields: true,
    }),
);

interface Result {
  readonly ruleId: string;
  readonly message: { readonly text: string };
  readonly locations: readonly { readonly physicalLocation: { readonly region: { readonly startLine: number } } }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

const logOf = (changes: Changes, settings = "") =>
  JSON.parse(changesSarif(changes, filesOf(settings))) as { readonly runs: readonly { readonly results: readonly Result[] }[] };
const resultsOf = (changes: Changes, settings = "") => logOf(changes, settings).runs.flatMap(({ results }) => results);
const lineIn = ({ locations: [location] }: Result) => location?.physicalLocation.region.startLine;

/** Changes, and for each result its rule and its line in the settings after the change. */
const CHANGES: Readonly<Record<string, readonly [before: string, after: string, results: readonly [string, number][]]>> = {
  nothing: ["", "region: eu-central-1\n", []],
  "the name of the user": [
    "accessKeys: none\n",
    "accessKeys: none\nuser:\n  path: /\n  name: other\nattachment: user\npolicy: { mode: documented }\n",
    [
      ["user-renamed", 4],
      ["destroyed", 4],
      ["deployer-broadened", 4],
      ["deployer-broadened", 4],
      ["control-policy-changed", 4],
      ["setting-breaking", 4],
    ],
  ],
  "two changes, of which the first follows from no setting": [
    "tags: { a: b }\nuser: { forceDestroy: false }\n",
    "tags: { a: c }\nuser:\n  forceDestroy: true\n",
    [
      ["argument-not-comparable", 3],
      ["deployer-broadened", 3],
      ["tags-changed", 1],
      ["setting-changed", 3],
    ],
  ],
  "a deleted key": [
    "accessKeys: { primary: { status: Active }, secondary: { status: Active }, current: secondary }\n",
    "accessKeys:\n  current: secondary\n  secondary: { status: Active }\n  primary: { status: absent }\n",
    [["active-key-deleted", 4]],
  ],
  "more permissions of the nodes": [
    "",
    "region: eu-central-1\ncluster:\n  additionalRolePolicies: ['iam:*']\n",
    [
      ["control-policy-changed", 3],
      ["setting-changed", 3],
    ],
  ],
};

describe("changes as SARIF", () => {
  it.each(Object.entries(CHANGES))("have a rule and a line for each finding: %s", (_, [before, after, expected]) => {
    const changes = between(before, after);
    const results = resultsOf(changes, after);
    expect(results.map((result) => [result.ruleId, lineIn(result)])).toEqual(expected);
    expect(logOf(changes, after)).toBeValidSarifLog();
    expect(results.length > 0).toBe(exitCodeOf(changes) > 0);
  });

  it("keep the fingerprint of a finding when lines are added, and have another one in another stack", () => {
    const changes = between("protect: true", "protect: false");
    const prints = (given: Changes, settings: string) => resultsOf(given, settings).map((result) => result.partialFingerprints);
    expect(prints(changes, "region: eu-central-1\n")).toEqual(prints(changes, "# more\n\nregion: eu-central-1\n"));
    const other = { ...changes, deployments: changes.deployments.map((each) => ({ ...each, stack: "prod" })) };
    expect(prints(other, "")).not.toEqual(prints(changes, ""));
  });

  it("are on line 1 where no setting is the cause", () => {
    const base = { ...reviewPackOf(""), ".terraform.lock.hcl": "lock" };
    const results = resultsOf(changesAgainst({ deckhouse: base }, { deckhouse: reviewPackOf("") }, ""), "region: x\n");
    expect(results.map((result) => [result.ruleId, lineIn(result)])).toEqual([["lock-changed", 1]]);
  });

  it.each([
    [
      "what is deleted or replaced: the policy deleted",
      [
        ["destroyed", 3],
        ["permissions-narrowed", 3],
      ],
    ],
    ["what is deleted or replaced: the node role replaced", [["destroyed", 4]]],
    ["what is deleted or replaced: an Active key deleted", [["active-key-deleted", 2]]],
    ["what a running cluster may need: less for nodes", [["permissions-narrowed", 4]]],
  ])("of a plan are on the line of the setting of what is planned: %s", (name, expected) => {
    const { plan } = editedPlans()[name] ?? {};
    const changes = changesOfPlan(plan as JsonObject, "dev", "Plan", "verified");
    const settings =
      "region: eu-central-1\naccessKeys: { primary: { status: Active } }\npolicy: { mode: minimal }\nnodeRole: { name: n }\n";
    expect(resultsOf(changes, settings).map((result) => [result.ruleId, lineIn(result)])).toEqual(expected);
  });

  it("are rejected by the schema of the standard if they are malformed", () => {
    const log = logOf(between("", ""));
    expect({ ...log, version: "2.0.0" }).not.toBeValidSarifLog();
    expect({ ...log, runs: [{}] }).not.toBeValidSarifLog();
  });
});

describe("changes as JSON", () => {
  it.each(Object.entries(CHANGES))("match the published schema: %s", (_, [before, after]) => {
    expect(schemaErrors(JSON.parse(changesJson(between(before, after))), schema)).toEqual([]);
  });

  it("do not match it with a property more, one less, or another type", () => {
    const changes = JSON.parse(changesJson(between("", ""))) as Record<string, unknown>;
    expect(schemaErrors({ ...changes, exitCode: 1 }, schema)).toEqual([
      "$.exitCode should be equal to one of the allowed values",
    ]);
    const { deployments: _, ...less } = changes;
    expect(schemaErrors(less, schema)).toEqual(["$ should have required property 'deployments'"]);
    expect(schemaErrors({ ...changes, findings: [{ more: 1 }] }, schema)).toContain(
      "$.findings[0] should NOT have additional properties",
    );
    expect(schemaErrors({ ...changes, findings: [{}] }, schema)).toContain("$.findings[0] should have required property 'rule'");
  });
});
