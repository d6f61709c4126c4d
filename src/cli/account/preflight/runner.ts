import { alwaysOnRegion, partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { type Progress, withProgress } from "../../text/progress";
import type { Aws } from "../aws/client";
import { IamReader } from "../aws/iam-reader";
import { type Action, AwsError, type Input, TIMED_OUT, UNREACHABLE } from "../aws/operations";
import type { Check, PreflightFound, Subject, Tools } from "./check";
import { CHECKS } from "./checks";
import { accountCheck, regionCheck } from "./checks/account";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { type CheckResult, needsAttention } from "./report";

/** With `asKey`, dry runs test the key instead of all other checks. */
interface PreflightOptions extends Pick<Subject, "state"> {
  /** The credentials are the key of the deployment's user. */
  readonly asKey: boolean;
  /** The profile whose credentials count, for messages; undefined if none is named. */
  readonly profile?: string | undefined;
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
  const { asKey, state } = options;
  const run = async (check: Check, account = ""): Promise<CheckResult> => {
    const subject = { deployment, partition: partitionOf(deployment.region), account, state };
    const findings = await findingsOf(check.id, check.run(toolsOf(check, deployment.region, aws), subject), options);
    // Findings name the setting of the check, unless they name another one.
    return { check: check.id, findings: findings.map((found) => ({ field: check.field, ...found })) };
  };
  const account = await run(accountCheck(asKey));
  const [identity] = account.findings;
  const [first, ...others]: readonly [Check, ...Check[]] = asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
  if (identity?.rule !== "account-ok" || needsAttention(account)) {
    return [account, ...[first, ...others].map((check) => notRun(check, account))];
  }
  const id = String(identity.values.account);
  const firstResult = run(first, id);
  // All at once: a check that fails while another one is awaited would end the process.
  const results = others.map(async (check) => {
    // A Region that is not enabled rejects every key: all calls would fail for that reason.
    const required = check.calls.some(isRegional) ? await firstResult : account;
    return needsAttention(required) ? notRun(check, required) : run(check, id);
  });
  return [account, ...(await Promise.all([firstResult, ...results]))];
}

/** IAM and STS are global, and a Region that is not enabled rejects every key, also for the question which ones are. */
const isRegional = (action: Action) => action.startsWith("ec2:") && action !== "ec2:DescribeRegions";

/** Tools that make the calls of a check, and no others. */
export function toolsOf({ id, calls }: Check, region: string, aws: Calls): Tools {
  const call = <A extends Action>(action: A, input: Input<A>) => {
    if (!calls.includes(action)) {
      throw new Error(`the check ${id} does not list the call ${action}`);
    }
    return aws.call(action, input, isRegional(action) ? region : alwaysOnRegion(region));
  };
  return {
    list: async (action, input, itemsOf) => (await call(action, input)).flatMap((page) => itemsOf(page) ?? []),
    dryRun: (operation, input) => aws.dryRun(operation, input, region),
    iam: new IamReader({ call }, alwaysOnRegion(region)),
  };
}

/** The findings of a check, or the one that its error is. */
async function findingsOf(
  check: string,
  work: Promise<readonly PreflightFound[]>,
  { progress, profile }: PreflightOptions,
): Promise<readonly PreflightFound[]> {
  try {
    return await withProgress(`waiting for the check ${check}`, work, progress);
  } catch (error) {
    if (error instanceof AwsError) {
      return [checkError(error, profile)];
    }
    throw error;
  }
}

/** The result of a check that requires another one to pass. */
const notRun = ({ id }: Check, required: CheckResult): CheckResult => ({
  check: id,
  findings: [{ rule: "check-not-run", values: { required: required.check } }],
});

/** The rules of errors, by action and code. AWS rejects credentials, or itself a role that they would assume. */
const ERRORS = [
  [/ CredentialsProviderError$/, "credentials-missing"],
  [/ (?:ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException)$/, "credentials-rejected"],
  [/^sts:AssumeRole (?:AccessDenied|AccessDeniedException|RegionDisabledException|ValidationError)$/, "role-not-assumed"],
  [/ (?:AccessDenied|AccessDeniedException|UnauthorizedOperation)$/, "call-denied"],
  [new RegExp(` ${UNREACHABLE}$`), "call-unreachable"],
  [new RegExp(` ${TIMED_OUT}$`), "timed-out"],
] as const;

/** The finding for an error of a call. */
function checkError({ action, code, message }: AwsError, profile: string | undefined): PreflightFound {
  const values = { action, profile, reason: code === UNREACHABLE || code === TIMED_OUT ? message : `${code}: ${message}` };
  const [, rule = "call-failed"] = ERRORS.find(([pattern]) => pattern.test(`${action} ${code}`)) ?? [];
  return rule === "role-not-assumed" ? { rule, field: "provider.assumeRoleArn", values } : { rule, values };
}
