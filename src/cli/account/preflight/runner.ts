import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { levelOf } from "../../findings/finding";
import { alwaysOnRegion } from "../../iam/partitions";
import { type Progress, withProgress } from "../../terraform/progress";
import { type Aws, THROTTLED } from "../aws/client";
import { IamReader } from "../aws/iam-reader";
import { AwsError, NOT_AWS, UNREACHABLE, within } from "../aws/operations";
import { CHECKS } from "./all-checks";
import type { Check, PreflightFound, ReadState, Subject, Tools } from "./check";
import { checkIdentity, checkRefusal, IDENTITY_CALL, type Identity } from "./checks/account";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { regionCheck } from "./checks/region";
import type { CheckResult } from "./report";
import { PREFLIGHT_RULES, type PreflightRules } from "./rules";

export interface PreflightOptions {
  /** The credentials are the key of the deployment's user: dry runs test it. */
  readonly asKey: boolean;
  readonly existingCluster: boolean;
  /** The profile whose credentials count, for messages; undefined if none is named. */
  readonly profile: string | undefined;
  readonly state: ReadState;
  /** Time limit of all checks, in seconds. */
  readonly timeout: number;
  /** Ends when that time is over. */
  readonly signal: AbortSignal;
  /** Receives the name of a check that takes long. */
  readonly progress: Progress;
}

const ACCOUNT = { id: "account", field: "accountId" } as const;

/** Runs all checks. Never rejects because of an error that AWS returns: the result of the check is then unknown. */
export async function runPreflight(
  deployment: Deployment,
  aws: Pick<Aws, "call" | "callAll" | "dryRun">,
  options: PreflightOptions,
): Promise<readonly CheckResult[]> {
  const { asKey, existingCluster, profile, state } = options;
  const regions = { region: deployment.region, "always-on region": alwaysOnRegion(deployment.region) };
  const run = (check: Check, subject: Subject) => runCheck(check, subject, aws, regions[check.where], options);
  const identities: Identity[] = [];
  const identify = async () => {
    const { Account: account = "", Arn: arn = "" } = await aws.call(IDENTITY_CALL, {}, regions["always-on region"]);
    identities.push({ account, arn });
    return checkIdentity({ account, arn }, deployment, asKey);
  };
  const refused = (error: AwsError) => checkRefusal(error, profile);
  const account = resultOf(ACCOUNT, IDENTITY_CALL, await findingsOf(ACCOUNT.id, identify(), options, refused));
  const [identity] = identities;
  const checks = asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
  if (identity === undefined || !isPassed(account)) {
    return [account, ...checks.map((check) => notRun(check, ACCOUNT.id))];
  }
  const subject: Subject = {
    deployment,
    partition: partitionOf(deployment.region),
    account: identity.account,
    existingCluster,
    state,
  };
  const [first, ...others] = checks.map((check) => ({ check, run: () => run(check, subject) }));
  const firstResult = first?.run();
  // All at once: a check that fails while another one is awaited would end the process.
  const all = others.map(async ({ check, run: runOther }) => {
    // A Region that is not enabled rejects every key: all calls would fail for that reason.
    const required = check.where === "region" ? await firstResult : undefined;
    return required !== undefined && levels(required).includes("attention") ? notRun(check, required.check) : runOther();
  });
  const results = await Promise.all([firstResult, ...all]);
  return [account, ...results.filter((result) => result !== undefined)];
}

/** Runs one check, and notes what it calls. */
async function runCheck(
  check: Check,
  subject: Subject,
  aws: Pick<Aws, "call" | "callAll" | "dryRun">,
  region: string,
  options: PreflightOptions,
): Promise<CheckResult> {
  const called = new Set<string>();
  const calling = <T>(name: string, response: Promise<T>) => {
    called.add(name);
    return response;
  };
  const recorded: Pick<Tools, "call" | "callAll" | "dryRun"> = {
    call: (action, input) => calling(action, aws.call(action, input, region)),
    callAll: (action, input) => calling(action, aws.callAll(action, input, region)),
    dryRun: (operation, input) => calling("dry runs of EC2", aws.dryRun(operation, input, region)),
  };
  const tools = { ...recorded, iam: new IamReader(recorded, region, { signal: options.signal, limit: options.timeout }) };
  const findings = await findingsOf(check.id, check.run(tools, subject), options);
  return resultOf(check, callsText([...called], region), findings);
}

/** The findings of a check, or the one that its error is. @param refused what an error means before it counts as unknown */
async function findingsOf(
  check: string,
  work: Promise<readonly PreflightFound[]>,
  { timeout, signal, progress }: PreflightOptions,
  refused: (error: AwsError) => PreflightFound | undefined = () => undefined,
): Promise<readonly PreflightFound[]> {
  try {
    return await within(signal, timeout, check, withProgress(`waiting for the check ${check}`, work, progress, signal));
  } catch (error) {
    if (signal.aborted) {
      return [{ rule: "timed-out", values: { seconds: timeout } }];
    }
    if (error instanceof AwsError) {
      return [refused(error) ?? checkError(error)];
    }
    throw error;
  }
}

/** A result whose findings name the setting of the check, unless they name another one. */
function resultOf({ id, field }: Pick<Check, "id" | "field">, calls: string, findings: readonly PreflightFound[]): CheckResult {
  return { check: id, calls, findings: findings.map((found) => ({ field, ...found })) };
}

const levels = ({ findings }: CheckResult) => findings.map((found) => levelOf<PreflightRules>(PREFLIGHT_RULES, found));
const isPassed = (result: CheckResult) => levels(result).every((level) => level === "note");

/** The result of a check that requires another one to pass. */
function notRun({ id }: Check, required: string): CheckResult {
  return { check: id, calls: "no call", findings: [{ rule: "check-not-run", values: { required } }] };
}

/** The calls of a check, and their Region; IAM is global. */
function callsText(calls: readonly string[], region: string): string {
  if (calls.length === 0) {
    return "no call";
  }
  return `${calls.join(", ")}${calls.every((call) => call.startsWith("iam:")) ? "" : ` in ${region}`}`;
}

const DENIED = /^(?:AccessDenied|AccessDeniedException|UnauthorizedOperation)$/;

/** The finding for an error of a call. */
export function checkError({ action, code, message }: AwsError): PreflightFound {
  if (DENIED.test(code)) {
    return { rule: "call-denied", values: { action } };
  }
  if (THROTTLED.test(code)) {
    return { rule: "call-throttled", values: { action, reason: code } };
  }
  if (code === NOT_AWS) {
    return { rule: "call-not-aws", values: { action, reason: message } };
  }
  if (code === UNREACHABLE) {
    return { rule: "call-unreachable", values: { action, reason: message } };
  }
  return { rule: "call-failed", values: { action, reason: `${code}: ${message}` } };
}
