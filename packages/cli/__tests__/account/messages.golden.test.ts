import { deployment } from "../../../../__tests__/helpers/deployment";
import { driftIn, WORLDS } from "../../../../__tests__/helpers/drift";
import { folderForEach } from "../../../../__tests__/helpers/folder";
import { expectGolden } from "../../../../__tests__/helpers/golden";
import { schemaErrors } from "../../../../__tests__/helpers/json-schema";
import { SITUATIONS } from "../../../../__tests__/helpers/key-situations";
import { reviewPackOf } from "../../../../__tests__/helpers/packs";
import { CASES, findingsOf, preflightIn } from "../../../../__tests__/helpers/preflight";
import {
  accessTo,
  CONFIGURATION,
  runningClusterWith,
} from "../../../../__tests__/helpers/stand-in-cluster";
import schema from "../../../../docs/reference/findings.schema.json";
import { clusterDrift } from "../../src/account/drift/cluster";
import { DRIFT_RULES } from "../../src/account/drift/drift-rules";
import { KEY_RULES } from "../../src/account/keys/key-rules";
import { keyReport, keysJson } from "../../src/account/keys/report";
import { clusterAccessCheck } from "../../src/account/preflight/checks/cluster-access";
import { PREFLIGHT_RULES } from "../../src/account/preflight/preflight-rules";
import { preflightJson } from "../../src/account/preflight/report";
import { ROTATE_RULES } from "../../src/account/rotate/rotate-rules";
import { changesJson } from "../../src/diff/changes";
import { changesAgainst } from "../../src/diff/packs/compare";
import {
  adviceLines,
  type Found,
  type Rules,
  reportJson,
  textOf,
} from "../../src/findings/finding";

const { at } = folderForEach();

const driftReports = Promise.all(WORLDS.map(driftIn));
const accounts = Promise.all(
  CASES.map(async ({ check, account }) => ({ check, results: await preflightIn(account) })),
);

const keyReports = Object.values(SITUATIONS).map(([given]) => keyReport(given));

const CLUSTERS = ["dev", "prod"].flatMap((prefix) =>
  clusterDrift(deployment("policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithNAT }"), {
    cluster: { ...runningClusterWith(CONFIGURATION), prefix },
    version: "1.99.1",
  }),
);

/**
 * Every rule with its level, and below it each different sentence of its findings, with risk and
 * remedy.
 */
function messagesOf<Of extends Rules>(
  rules: Of,
  findings: readonly Found<Of>[],
  prefixOf: (found: Found<Of>) => string = () => "",
) {
  return Object.entries(rules)
    .map(([rule, { level }]) => {
      const blocks = findings
        .filter((found) => found.rule === rule)
        .map((found) =>
          [
            `  ${prefixOf(found)}${textOf(rules, found)}`,
            ...adviceLines(rules, found).map((line) => `    ${line}`),
          ].join("\n"),
        );
      return `${[`${rule} (${level})`, ...new Set(blocks)].join("\n")}\n`;
    })
    .join("\n");
}

/** Those of rotate are in rotate.txt. */
const withoutRotate = <Of extends Rules>(rules: Of): Of =>
  Object.fromEntries(Object.entries(rules).filter(([rule]) => !(rule in ROTATE_RULES))) as Of;

const MESSAGES = {
  drift: async () => {
    const findings = [...(await driftReports).flatMap((report) => report.findings), ...CLUSTERS];
    return messagesOf(withoutRotate(DRIFT_RULES), findings, ({ object }) =>
      object === undefined ? "" : `${object}: `,
    );
  },
  keys: async () => {
    const findings = keyReports.flatMap((report) => report.findings);
    return messagesOf(withoutRotate(KEY_RULES), findings);
  },
  preflight: async () => {
    const lacking = await clusterAccessCheck(
      await accessTo(at("denied"), { denied: "patch secrets/d8-provider-cluster-configuration\n" }),
    );
    const unread = await clusterAccessCheck(
      await accessTo(at("unread"), { "failures/k auth": "Unauthorized" }),
    );
    const findings = (await accounts).flatMap(({ check, results }) => findingsOf(results, check));
    return messagesOf(PREFLIGHT_RULES, [...findings, ...lacking.findings, ...unread.findings]);
  },
};

it.each(Object.entries(MESSAGES))(
  "the messages of %s are the committed ones, and every rule has one",
  async (name, messages) => {
    const text = await messages();
    expect(text.match(/^\S+ \(\w+\)\n(?! {2})/gm)).toBeNull();
    expectGolden(`messages/${name}.txt`, text);
  },
);

it("the JSON of diff, keys, drift and preflight matches the one schema", async () => {
  const drifts = (await driftReports).map((report) =>
    reportJson(DRIFT_RULES, report.findings, [{ stack: report.stack }]),
  );
  const keys = keyReports.map((report) =>
    reportJson(KEY_RULES, report.findings, [keysJson(report)]),
  );
  const checked = (await accounts).map(({ results }) =>
    preflightJson("dev", "eu-central-1", results),
  );
  const diff = JSON.parse(changesJson(changesAgainst({}, { dev: reviewPackOf("") }, ""))) as object;
  const all = [diff, ...drifts, ...keys, ...checked];
  expect(all.flatMap((report) => schemaErrors(JSON.parse(JSON.stringify(report)), schema))).toEqual(
    [],
  );
});
