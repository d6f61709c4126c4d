import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { levelOf } from "../../findings/finding";
import type { Aws } from "../aws/client";
import { IamReader } from "../aws/iam-reader";
import { type Check, orErrorFinding, type Subject, type Tools } from "./check";
import { accountCheck, CHECKS, regionCheck } from "./checks";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { PREFLIGHT_RULES, type PreflightRules } from "./preflight-rules";
import type { CheckResult } from "./report";

/** With `asKey`, dry runs test the key instead of all other checks. */
interface PreflightOptions extends Pick<Subject, "state"> {
  /** The credentials are the key of the deployment's user. */
  readonly asKey: boolean;
  /** The profile whose credentials count, for messages; undefined if none is named. */
  readonly profile?: string | undefined;
}

/** Runs all checks. Never rejects because of an error that AWS returns: the result of the check is then unknown. */
export async function runPreflight(
  deployment: Deployment,
  aws: Pick<Aws, "call" | "dryRun">,
  { asKey, profile, state }: PreflightOptions,
): Promise<readonly CheckResult[]> {
  const tools: Tools = {
    list: async (action, input, itemsOf) => (await aws.call(action, input)).flatMap((page) => itemsOf(page) ?? []),
    dryRun: (operation, input) => aws.dryRun(operation, input),
    iam: new IamReader(aws),
  };
  const run = async (check: Check, account: string): Promise<CheckResult> => {
    const subject = { deployment, partition: partitionOf(deployment.region), account, state };
    const findings = await orErrorFinding(check.run(tools, subject), profile);
    // Findings name the setting of the check, unless they name another one.
    return { check: check.id, findings: findings.map((found) => ({ field: check.field, ...found })) };
  };
  const [first, ...others]: readonly [Check, ...Check[]] = asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
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

/** The result of a check that requires another one to pass. */
const notRun = ({ id }: Check, required: CheckResult): CheckResult => ({
  check: id,
  findings: [{ rule: "check-not-run", values: { required: required.check } }],
});
