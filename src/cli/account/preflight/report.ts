import { visible } from "../../../text/printable";
import { adviceLines, adviceOf, exitCodeOf, levelOf, reportJson, textOf } from "../../findings/finding";
import type { PreflightFound } from "./check";
import { PREFLIGHT_RULES, type PreflightRules } from "./rules";

/** What one check found. */
export interface CheckResult {
  /** ID of the check. */
  readonly check: string;
  /** The calls that it is based on, with the Region where it matters. */
  readonly calls: string;
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

/** The report as text: one line per finding with the calls that it is based on, and below it the remedy. */
export function preflightText(heading: string, results: readonly CheckResult[]): string {
  const rows = results.flatMap(({ findings, ...rest }) => findings.map((found) => ({ ...rest, found, label: labelOf(found) })));
  const width = (text: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => text(row).length));
  const [labels, checks] = [width(({ label }) => label), width(({ check }) => check)];
  const indent = " ".repeat(labels + checks + 4);
  const lines = rows.flatMap(({ label, check, calls, found }) => [
    `${label.padEnd(labels)}  ${check.padEnd(checks)}  ${textOf<PreflightRules>(PREFLIGHT_RULES, found)} [${visible(calls)}]`,
    ...adviceLines<PreflightRules>(PREFLIGHT_RULES, found).map((line) => `${indent}${line}`),
  ]);
  const counts = [...new Set(rows.map(({ label }) => label))].map(
    (label) => `${label}: ${rows.filter((row) => row.label === label).length}`,
  );
  return [heading, "", ...lines, "", counts.join(", "), ""].join("\n");
}

/** The report as JSON, with what each check called. */
export function preflightJson(stack: string, region: string, results: readonly CheckResult[]): object {
  const findings = findingsOf(results).map((found) => ({ ...found, stack }));
  const checks = results.map(({ check, calls, findings: own }) => ({ check, calls, rules: own.map(({ rule }) => rule) }));
  const deployments = [{ stack, region, checks }];
  return reportJson<PreflightRules>(PREFLIGHT_RULES, findings, deployments, { exitCode: exitCode(results) });
}
