import type { Deployment } from "../../../../../src/settings/deployment";
import { findingsText, levelOf, reportJson } from "../../findings/finding";
import type { Aws } from "../aws/client";
import { IamReader, requiredOf } from "../aws/iam-reader";
import { type Check, orErrorFinding, type PreflightFound, type Subject } from "./check";
import { accountCheck, CHECKS, regionCheck } from "./checks";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { isNotRun, PREFLIGHT_RULES, type PreflightRules } from "./preflight-rules";

export interface CheckResult {
  readonly check: string;
  readonly findings: readonly PreflightFound[];
}

/**
 * Runs all checks. An error that AWS returns makes the result of the check unknown.
 * @param asKey the credentials are the key of the deployment's user, which dry runs test instead of
 * all other checks
 */
export async function runPreflight(
  deployment: Deployment,
  aws: Pick<Aws, "call" | "dryRun">,
  { asKey, state }: Pick<Subject, "state"> & { readonly asKey: boolean },
): Promise<readonly CheckResult[]> {
  const iam = new IamReader(aws).once();
  const subject: Omit<Subject, "account"> = {
    deployment,
    state,
    iam,
    list: async (action, input, itemsOf) => requiredOf(await iam.list(action, input, itemsOf)),
    dryRun: (operation, input) => aws.dryRun(operation, input),
  };
  const run = async (check: Check, account: string): Promise<CheckResult> => {
    const findings = await orErrorFinding(check.run({ ...subject, account }));
    return {
      check: check.id,
      findings: findings.map((found) => ({ field: check.field, ...found })),
    };
  };
  const [first, ...others]: readonly [Check, ...Check[]] = asKey
    ? [keyDryRunCheck]
    : [regionCheck, ...CHECKS];
  const account = await run(accountCheck(asKey), "");
  const [identity] = account.findings;
  if (identity?.rule !== "account-ok" || needsAttention(account)) {
    return [account, ...[first, ...others].map((check) => notRun(check, account))];
  }
  const id = String(identity.values.account);
  const result = await run(first, id);
  const results = needsAttention(result)
    ? others.map((check) => notRun(check, result))
    : await Promise.all(others.map((check) => run(check, id)));
  return [account, result, ...results];
}

const needsAttention = ({ findings }: CheckResult): boolean =>
  findings.some((found) => levelOf<PreflightRules>(PREFLIGHT_RULES, found) === "attention");

const notRun = ({ id }: Check, required: CheckResult): CheckResult => ({
  check: id,
  findings: [{ rule: "check-not-run", values: { required: required.check } }],
});

/** The report as text: what each check found, and which checks found nothing. */
export function preflightText(heading: string, results: readonly CheckResult[]): string {
  const found = results.flatMap(({ check, findings }) =>
    findings
      .filter(({ rule }) => rule !== "check-not-run")
      .map((finding) => ({
        ...finding,
        object: finding.object === undefined ? check : `${check}: ${finding.object}`,
      })),
  );
  const passed = results.filter(({ findings }) => findings.length === 0).map(({ check }) => check);
  const notRun = results
    .filter(({ findings }) => findings.some(({ rule }) => isNotRun(rule)))
    .map(({ check }) => check);
  const text = findingsText<PreflightRules>(
    PREFLIGHT_RULES,
    [heading, `passed: ${passed.join(", ") || "none"}`],
    found,
  );
  const required = results.flatMap(({ findings }) =>
    findings.flatMap((found) => (found.rule === "check-not-run" ? [found.values.required] : [])),
  )[0];
  const because = required === undefined ? "" : `, because the check ${required} did not pass`;
  return notRun.length === 0 ? text : `${text}not checked${because}: ${notRun.join(", ")}\n`;
}

/** The report as JSON, with the rules of each check. */
export function preflightJson(
  stack: string,
  region: string,
  results: readonly CheckResult[],
): object {
  const findings = results.flatMap((result) =>
    result.findings.map((found) => ({ ...found, stack })),
  );
  const checks = results.map(({ check, findings: own }) => ({
    check,
    rules: own.map(({ rule }) => rule),
  }));
  const deployments = [{ stack, region, checks }];
  return reportJson<PreflightRules>(PREFLIGHT_RULES, findings, deployments);
}
