import { adviceLines, adviceOf, exitCodeOf, levelOf, reportJson, textOf } from "../../findings/finding";
import type { PreflightFound } from "./check";
import { PREFLIGHT_RULES, type PreflightRules } from "./rules";

/** What one check found. */
export interface CheckResult {
  /** ID of the check. */
  readonly check: string;
  readonly findings: readonly PreflightFound[];
}

const findingsOf = (results: readonly CheckResult[]) => results.flatMap(({ findings }) => findings);

/** 2 if something requires attention, whatever else is unknown; 3 if only something is unknown. */
export function exitCode(results: readonly CheckResult[]): 0 | 2 | 3 {
  const findings = findingsOf(results);
  const needAttention = findings.some((found) => levelOf<PreflightRules>(PREFLIGHT_RULES, found) === "attention");
  return needAttention ? 2 : exitCodeOf<PreflightRules>(PREFLIGHT_RULES, findings);
}

/** The level as the text shows it: a note without a remedy is a check that passed. */
function labelOf(found: PreflightFound): string {
  const level = levelOf<PreflightRules>(PREFLIGHT_RULES, found);
  return level === "note" && adviceOf<PreflightRules>(PREFLIGHT_RULES, found).remedy === undefined ? "ok" : level;
}

/** The report as text: one line per finding, and below it the remedy. */
export function preflightText(heading: string, results: readonly CheckResult[]): string {
  const rows = results.flatMap(({ check, findings }) => findings.map((found) => ({ check, found, label: labelOf(found) })));
  const [labels, checks] = (["label", "check"] as const).map((column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.flatMap(({ label, check, found }) => {
    const start = `${label.padEnd(labels ?? 0)}  ${check.padEnd(checks ?? 0)}  `;
    const advice = adviceLines<PreflightRules>(PREFLIGHT_RULES, found).map((line) => " ".repeat(start.length) + line);
    return [start + textOf<PreflightRules>(PREFLIGHT_RULES, found), ...advice];
  });
  const count = (label: string) => `${label}: ${rows.filter((row) => row.label === label).length}`;
  const counts = [...new Set(rows.map(({ label }) => label))].map(count);
  return [heading, "", ...lines, "", counts.join(", "), ""].join("\n");
}

/** The report as JSON, with the rules of each check. */
export function preflightJson(stack: string, region: string, results: readonly CheckResult[]): object {
  const findings = findingsOf(results).map((found) => ({ ...found, stack }));
  const checks = results.map(({ check, findings: own }) => ({ check, rules: own.map(({ rule }) => rule) }));
  const deployments = [{ stack, region, checks }];
  return reportJson<PreflightRules>(PREFLIGHT_RULES, findings, deployments, { exitCode: exitCode(results) });
}
