import { alwaysOnRegion, partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { type Progress, withProgress } from "../../terraform/progress";
import { dkpAccess } from "../../text/command";
import { type Aws, THROTTLED } from "../aws/client";
import { AwsError, NOT_AWS, UNREACHABLE, within } from "../aws/operations";
import { CHECKS } from "./all-checks";
import { type Check, type Finding, type ReadState, type Result, type Subject, skipped, unknown } from "./check";
import { IDENTITY_CALL, type Identity, judgeIdentity, judgeRefusal } from "./checks/account";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { regionCheck } from "./checks/region";
import { permissionsCheck } from "./checks/user-permissions";

export interface PreflightOptions {
  /** The credentials are the key of the deployment's user: dry runs test it. */
  readonly asKey: boolean;
  readonly existingCluster: boolean;
  readonly state: ReadState;
  /** Time limit of all checks, in seconds. */
  readonly timeout: number;
  /** Ends when that time is over. */
  readonly signal: AbortSignal;
  /** Receives the name of a check that takes long. */
  readonly progress: Progress;
}

const ACCOUNT = "account";

/** Runs all checks. Never rejects because of an error that AWS returns: the result of the check is then unknown. */
export async function runPreflight(
  deployment: Deployment,
  aws: Pick<Aws, "call" | "callAll" | "dryRun">,
  options: PreflightOptions,
): Promise<readonly Result[]> {
  const { asKey, existingCluster, state, timeout, signal, progress } = options;
  const regions = { region: deployment.region, "always-on region": alwaysOnRegion(deployment.region) };
  const partition = partitionOf(deployment.region);

  /** The findings of a check, or the one that its error is. */
  const findingsOf = async (check: string, work: Promise<readonly Finding[]>): Promise<readonly Finding[]> => {
    try {
      return await within(signal, timeout, check, withProgress(`waiting for the check ${check}`, work, progress, signal));
    } catch (error) {
      if (signal.aborted) {
        return [unknown(`no response within ${timeout} seconds`, "try again with a longer --timeout")];
      }
      if (error instanceof AwsError) {
        return [(check === ACCOUNT ? judgeRefusal(error) : undefined) ?? judgeError(error, check)];
      }
      throw error;
    }
  };
  const run = async (check: Check, subject: Subject): Promise<readonly Result[]> => {
    const called = new Set<string>();
    const region = regions[check.where];
    const calling = <T>(name: string, answer: Promise<T>) => {
      called.add(name);
      return answer;
    };
    const tools: Parameters<Check["run"]>[0] = {
      call: (action, input) => calling(action, aws.call(action, input, region)),
      callAll: (action, input) => calling(action, aws.callAll(action, input, region)),
      dryRun: (operation, input) => calling("dry runs of EC2", aws.dryRun(operation, input, region)),
    };
    const findings = await findingsOf(check.name, check.run(tools, subject));
    return findings.map((finding) => ({ check: check.name, source: sourceOf([...called], region), ...finding }));
  };

  const identities: Identity[] = [];
  const identify = async () => {
    const { Account: account = "", Arn: arn = "" } = await aws.call(IDENTITY_CALL, {}, regions["always-on region"]);
    identities.push({ account, arn });
    return judgeIdentity({ account, arn }, deployment, asKey);
  };
  const findings = await findingsOf(ACCOUNT, identify());
  const [identity] = identities;
  const results = findings.map((finding) => ({ check: ACCOUNT, source: IDENTITY_CALL, ...finding }));
  const checks = asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
  if (identity === undefined || results.some(({ verdict }) => verdict !== "ok")) {
    return [...results, ...checks.map((check) => notRun(check, ACCOUNT, results))];
  }
  const subject: Subject = { deployment, partition, account: identity.account, existingCluster, state };
  const [first, ...others] = checks.map((check) => ({ check, run: () => run(check, subject) }));
  const firstResults = first?.run() ?? Promise.resolve([]);
  // All at once: a check that fails while another one is awaited would end the process.
  const all = others.map(async (other) => {
    // A region that is not enabled rejects every key: all calls would fail for that reason.
    const required = other.check.where === "region" ? await firstResults : [];
    return isFailed(required) ? [notRun(other.check, regionCheck.name, required)] : other.run();
  });
  return [...results, ...(await Promise.all([firstResults, ...all])).flat()];
}

const isFailed = (results: readonly Result[]) => results.some(({ verdict }) => verdict === "failed");

/** The result of a check that requires another one to pass. */
function notRun(check: Check, required: string, results: readonly Result[]): Result {
  const reason = isFailed(results) ? "which failed" : "whose result is unknown";
  return { check: check.name, source: "no call", ...skipped(`depends on check "${required}", ${reason}`) };
}

/** The calls of a check, and their region; IAM is global. */
function sourceOf(calls: readonly string[], region: string): string {
  if (calls.length === 0) {
    return "no call";
  }
  return `${calls.join(", ")}${calls.every((call) => call.startsWith("iam:")) ? "" : ` in ${region}`}`;
}

const DENIED = /^(?:AccessDenied|AccessDeniedException|UnauthorizedOperation)$/;

/** The finding for an error of a call. */
export function judgeError({ action, code, message }: AwsError, check: string): Finding {
  if (DENIED.test(code)) {
    const all = dkpAccess("preflight", "--permissions");
    return unknown(`${action} is denied to these credentials`, `allow ${action}; ${all} prints the whole policy`);
  }
  if (THROTTLED.test(code)) {
    const found = `${action} is throttled (${code}), after several attempts`;
    return unknown(found, "try again when fewer calls are made in the account");
  }
  if (code === NOT_AWS) {
    const remedy = "sign in to the network if it asks for that, or set HTTPS_PROXY and NO_PROXY as it requires, and try again";
    return unknown(`${action}: ${message}`, remedy);
  }
  if (code === UNREACHABLE) {
    const remedy = "check the network, the proxy, and whether the region exists";
    return unknown(`${action}: AWS cannot be reached (${message})`, remedy);
  }
  return unknown(
    `${action} returned ${code}: ${message}`,
    check === permissionsCheck.name
      ? "test the key itself with --as-key once it exists"
      : "try again; if the error persists, its message names the cause",
  );
}
