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
import { rotatedFindings } from "../../src/account/rotated-keys";
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

const CLUSTER = clusterDrift(
  deployment("policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithNAT }"),
  {
    cluster: runningClusterWith(CONFIGURATION),
    version: "1.99.1",
    current: "AKIAI44QH8DHBEXAMPLE",
  },
);

const CLUSTERS = [
  runningClusterWith(CONFIGURATION),
  { ...runningClusterWith(CONFIGURATION), prefix: "prod" },
].flatMap((cluster) =>
  clusterDrift(
    deployment("cluster: { prefix: dev }\naccessKeys: { managedBy: rotate }"),
    { cluster, version: undefined, current: undefined },
    { keys: [], exists: true },
  ),
);

const ROTATED = ["AKIAOLD", undefined].flatMap((dkpKey) => {
  const [now, created] = [new Date("2026-12-01"), new Date("2026-11-15")];
  const lastUsed = { at: now, service: "ec2", region: "eu-central-1" };
  const keys = [
    { id: "AKIAOLD", status: "Active", created: new Date("2026-11-10"), lastUsed },
    { id: "AKIANEW", status: "Active", created, lastUsed },
  ];
  return rotatedFindings({ stack: "deckhouse", maxAge: 90, keys, dkpKey, now });
});

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

const MESSAGES = {
  drift: async () => {
    const findings = [
      ...(await driftReports).flatMap((report) => report.findings),
      ...CLUSTER,
      ...CLUSTERS,
      ...ROTATED,
    ];
    return messagesOf(DRIFT_RULES, findings, ({ object }) =>
      object === undefined ? "" : `${object}: `,
    );
  },
  keys: async () => {
    const findings = keyReports.flatMap((report) => report.findings);
    // Those of rotate are in rotate.txt.
    const rules = Object.entries(KEY_RULES).filter(([rule]) => !(rule in ROTATE_RULES));
    return messagesOf(Object.fromEntries(rules) as typeof KEY_RULES, findings);
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
