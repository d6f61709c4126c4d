import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { levelOf } from "../../findings/finding";
import { alwaysOnRegion } from "../../iam/partitions";
import { type Progress, withProgress } from "../../terraform/progress";
import { type Aws, THROTTLED } from "../aws/client";
import { IamReader } from "../aws/iam-reader";
import { type Action, AwsError, type Input, NOT_AWS, UNREACHABLE, within } from "../aws/operations";
import type { Check, PreflightFound, Subject, Tools } from "./check";
import { CHECKS } from "./checks";
import { accountCheck, type Credentials } from "./checks/account";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { regionCheck } from "./checks/region";
import type { CheckResult } from "./report";
import { PREFLIGHT_RULES, type PreflightRules } from "./rules";

/** With `asKey`, dry runs test the key instead of all other checks. */
export interface PreflightOptions extends Credentials, Pick<Subject, "existingCluster" | "state"> {
  /** Time limit of all checks, in seconds. */
  readonly timeout: number;
  /** Ends when that time is over. */
  readonly signal: AbortSignal;
  /** Receives the name of a check that takes long. */
  readonly progress: Progress;
}

type Calls = Pick<Aws, "call" | "dryRun">;

/** Runs all checks. Never rejects because of an error that AWS returns: the result of the check is then unknown. */
export async function runPreflight(
  deployment: Deployment,
  aws: Calls,
  options: PreflightOptions,
): Promise<readonly CheckResult[]> {
  const { asKey, existingCluster, state } = options;
  const run = async (check: Check, account = ""): Promise<CheckResult> => {
    const subject = { deployment, partition: partitionOf(deployment.region), account, existingCluster, state };
    const findings = await findingsOf(check.id, check.run(toolsOf(check, deployment.region, aws, options), subject), options);
    // Findings name the setting of the check, unless they name another one.
    return { check: check.id, findings: findings.map((found) => ({ field: check.field, ...found })) };
  };
  const account = await run(accountCheck(options));
  const [identity] = account.findings;
  const [first, ...others]: readonly [Check, ...Check[]] = asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
  if ((identity?.rule !== "account-ok" && identity?.rule !== "account-not-set") || needsAttention(account)) {
    return [account, ...[first, ...others].map((check) => notRun(check, account))];
  }
  const id = String(identity.values.account);
  const firstResult = run(first, id);
  // All at once: a check that fails while another one is awaited would end the process.
  const results = others.map(async (check) => {
    // A Region that is not enabled rejects every key: all calls would fail for that reason.
    const required = check.where === "region" ? await firstResult : account;
    return needsAttention(required) ? notRun(check, required) : run(check, id);
  });
  return [account, ...(await Promise.all([firstResult, ...results]))];
}

/** Tools that make the calls of a check, and no others. */
export function toolsOf(
  { id, calls, where }: Check,
  own: string,
  aws: Calls,
  { signal, timeout: limit }: Pick<PreflightOptions, "signal" | "timeout">,
): Tools {
  const region = where === "region" ? own : alwaysOnRegion(own);
  const call = <A extends Action>(action: A, input: Input<A>) => {
    if (!calls.includes(action)) {
      throw new Error(`the check ${id} does not list the call ${action}`);
    }
    return aws.call(action, input, region);
  };
  return {
    list: async (action, input, itemsOf) => (await call(action, input)).flatMap((page) => itemsOf(page) ?? []),
    dryRun: (operation, input) => aws.dryRun(operation, input, region),
    iam: new IamReader({ call }, region, { signal, limit }),
  };
}

/** The findings of a check, or the one that its error is. */
async function findingsOf(
  check: string,
  work: Promise<readonly PreflightFound[]>,
  { timeout, signal, progress }: PreflightOptions,
): Promise<readonly PreflightFound[]> {
  try {
    return await within(signal, timeout, check, withProgress(`waiting for the check ${check}`, work, progress, signal));
  } catch (error) {
    if (signal.aborted) {
      return [{ rule: "timed-out", values: { seconds: timeout } }];
    }
    if (error instanceof AwsError) {
      return [checkError(error)];
    }
    throw error;
  }
}

const needsAttention = ({ findings }: CheckResult) =>
  findings.some((found) => levelOf<PreflightRules>(PREFLIGHT_RULES, found) === "attention");

/** The result of a check that requires another one to pass. */
const notRun = ({ id }: Check, required: CheckResult): CheckResult => ({
  check: id,
  findings: [{ rule: "check-not-run", values: { required: required.check } }],
});

/** The rules of the codes of errors. */
const ERRORS = [
  [/^(?:AccessDenied|AccessDeniedException|UnauthorizedOperation)$/, "call-denied"],
  [THROTTLED, "call-throttled"],
  [new RegExp(`^${NOT_AWS}$`), "call-not-aws"],
  [new RegExp(`^${UNREACHABLE}$`), "call-unreachable"],
] as const;

/** The finding for an error of a call. */
function checkError({ action, code, message }: AwsError): PreflightFound {
  const values = { action, reason: code === NOT_AWS || code === UNREACHABLE ? message : `${code}: ${message}` };
  return { rule: ERRORS.find(([pattern]) => pattern.test(code))?.[1] ?? "call-failed", values };
}
