import schema from "../../../docs/reference/findings.schema.json";
import { DRIFT_RULES, type DriftRules } from "../../../src/cli/account/drift/rules";
import { preflightJson } from "../../../src/cli/account/preflight/report";
import { PREFLIGHT_RULES, type PreflightRules } from "../../../src/cli/account/preflight/rules";
import { reportJson } from "../../../src/cli/findings/finding";
import { driftIn, WORLDS } from "../../helpers/drift";
import { expectGolden } from "../../helpers/golden";
import { schemaErrors } from "../../helpers/json-schema";
import { messagesOf } from "../../helpers/messages";
import { CASES, findingsOf, preflightIn } from "../../helpers/preflight";

const driftReports = Promise.all(WORLDS.map(({ world }) => driftIn(world)));
const accounts = Promise.all(CASES.map(async ({ check, account }) => ({ check, results: await preflightIn(account) })));

const MESSAGES: Readonly<Record<string, () => Promise<string>>> = {
  drift: async () => {
    const findings = (await driftReports).flatMap((report) => report.findings);
    return messagesOf<DriftRules>(DRIFT_RULES, findings, ({ object }) => (object === undefined ? "" : `${object}: `));
  },
  preflight: async () => {
    const findings = (await accounts).flatMap(({ check, results }) => findingsOf(results, check));
    return messagesOf<PreflightRules>(PREFLIGHT_RULES, findings);
  },
};

it.each(Object.entries(MESSAGES))("the messages of %s are the committed ones, and every rule has one", async (name, messages) => {
  const text = await messages();
  expect(text.match(/^\S+ \(\w+\)\n(?! {2})/gm)).toBeNull();
  expectGolden(`messages/${name}.txt`, text);
});

it("findings of drift and preflight match the schema of all findings", async () => {
  const drifts = (await driftReports).map((report) =>
    reportJson<DriftRules>(DRIFT_RULES, report.findings, [{ stack: report.stack }]),
  );
  const all = [...drifts, ...(await accounts).map(({ results }) => preflightJson("dev", "eu-central-1", results))];
  expect(all.flatMap((report) => schemaErrors(JSON.parse(JSON.stringify(report)), schema))).toEqual([]);
});
