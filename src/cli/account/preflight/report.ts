import { findingsText, reportJson } from "../../findings/finding";
import type { PreflightFound } from "./check";
import { isNotRun, PREFLIGHT_RULES, type PreflightRules } from "./preflight-rules";

/** What one check found: nothing where it passed. */
export interface CheckResult {
  /** ID of the check. */
  readonly check: string;
  readonly findings: readonly PreflightFound[];
}

/** The report as text: what each check found, and which checks found nothing. */
export function preflightText(heading: string, results: readonly CheckResult[]): string {
  const found = results.flatMap(({ check, findings }) =>
    findings.map((finding) => ({ ...finding, object: finding.object === undefined ? check : `${check}: ${finding.object}` })),
  );
  const passed = results.filter(({ findings }) => findings.length === 0).map(({ check }) => check);
  const notRun = results.filter(({ findings }) => findings.some(({ rule }) => isNotRun(rule))).map(({ check }) => check);
  const text = findingsText<PreflightRules>(PREFLIGHT_RULES, [heading, `passed: ${passed.join(", ") || "none"}`], found);
  return notRun.length === 0 ? text : `${text}not checked: ${notRun.join(", ")}\n`;
}

/** The report as JSON, with the rules of each check. */
export function preflightJson(stack: string, region: string, results: readonly CheckResult[]): object {
  const findings = results.flatMap((result) => result.findings.map((found) => ({ ...found, stack })));
  const checks = results.map(({ check, findings: own }) => ({ check, rules: own.map(({ rule }) => rule) }));
  const deployments = [{ stack, region, checks }];
  return reportJson<PreflightRules>(PREFLIGHT_RULES, findings, deployments);
}
