import { alwaysOnRegion, partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import { type Aws, THROTTLED } from "../aws/client";
import { AwsError, NOT_AWS, UNREACHABLE } from "../aws/operations";
import { CHECKS } from "./all-checks";
import { type Check, type Finding, type ReadState, type Result, type Subject, skipped, unknown } from "./check";
import { IDENTITY_CALL, type Identity, identityOf, judgeAccount, judgeKey, judgeRefusal } from "./checks/account";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { regionCheck } from "./checks/region";
import { permissionsCheck, userArn } from "./checks/user-permissions";

export interface PreflightOptions {
  /** The credentials are the key of the deployment's user: dry runs test it. */
  readonly asKey: boolean;
  readonly existingCluster: boolean;
  readonly state: ReadState;
  /** Time limit of all checks, in seconds. */
  readonly timeout: number;
  /** Ends when that time is over. */
  readonly signal: AbortSignal;
  /** Reports that a check is running, with its progress, or that it has ended. */
  readonly progress: (check: string, state: { readonly note: string } | "done") => void;
}

const ACCOUNT = "account";

/** Runs all checks. Never rejects because of an error that AWS returns: the result of the check is then unknown. */
export async function runPreflight(deployment: Deployment, aws: Aws, options: PreflightOptions): Promise<readonly Result[]> {
  const run = new Run(deployment, aws, options);
  const { results, identity } = await run.identity();
  const checks = options.asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
  if (identity === undefined || results.some(({ verdict }) => verdict !== "ok")) {
    return [...results, ...checks.map((check) => notRun(check, ACCOUNT, results))];
  }
  const subject: Subject = {
    deployment,
    partition: partitionOf(deployment.region),
    account: identity.account,
    existingCluster: options.existingCluster,
    state: options.state,
  };
  if (options.asKey) {
    return [...results, ...(await run.check(keyDryRunCheck, subject))];
  }
  const region = run.check(regionCheck, subject);
  const others = CHECKS.map(async (check) => {
    // A region that is not enabled rejects every key: all calls would fail for that reason.
    const regionResults = check.where === "region" ? await region : [];
    return isFailed(regionResults) ? [notRun(check, regionCheck.name, regionResults)] : run.check(check, subject);
  });
  // All at once: a check that fails while another one is awaited would end the process.
  return [...results, ...(await Promise.all([region, ...others])).flat()];
}

const isFailed = (results: readonly Result[]) => results.some(({ verdict }) => verdict === "failed");

/** The result of a check that requires another one to pass. */
function notRun(check: Check, required: string, results: readonly Result[]): Result {
  const reason = isFailed(results) ? "which failed" : "whose result is unknown";
  return { check: check.name, source: "no call", ...skipped(`depends on check "${required}", ${reason}`) };
}

/** One run of the preflight. */
class Run {
  private readonly regions: Readonly<Record<Check["where"], string>>;
  private readonly timedOut: Promise<never>;

  constructor(
    private readonly deployment: Deployment,
    private readonly aws: Aws,
    private readonly options: PreflightOptions,
  ) {
    this.regions = { region: deployment.region, "always-on region": alwaysOnRegion(deployment.region) };
    this.timedOut = new Promise((_, reject) => {
      options.signal.addEventListener("abort", () => reject(new TimedOut()));
    });
    this.timedOut.catch(() => undefined);
  }

  /** The identity of the credentials, and whether it is the expected one. */
  async identity(): Promise<{ readonly results: readonly Result[]; readonly identity?: Identity }> {
    const region = this.regions["always-on region"];
    const report = (finding: Finding) => ({ check: ACCOUNT, source: IDENTITY_CALL, ...finding });
    try {
      const identity = identityOf(await this.inTime(ACCOUNT, this.aws.ask(IDENTITY_CALL, {}, region)));
      const { deployment } = this;
      const user = userArn({ deployment, partition: partitionOf(deployment.region), account: identity.account });
      const judged = [
        judgeAccount(identity, deployment.accountId),
        ...(this.options.asKey ? [judgeKey(identity, user, deployment.stack)] : []),
      ];
      return { results: judged.map(report), identity };
    } catch (error) {
      const refusal = error instanceof AwsError ? judgeRefusal(error) : undefined;
      return { results: [report(refusal ?? this.unanswered(error, ACCOUNT))] };
    }
  }

  async check(check: Check, subject: Subject): Promise<readonly Result[]> {
    const called = new Set<string>();
    const region = this.regions[check.where];
    const report = (finding: Finding): Result => ({
      check: check.name,
      source: sourceOf([...called], region),
      ...finding,
    });
    try {
      const findings = await this.inTime(
        check.name,
        check.run(
          {
            call: (action, input) => {
              called.add(action);
              return this.aws.ask(action, input, region);
            },
            callAll: (action, input) => {
              called.add(action);
              return this.aws.askAll(action, input, region);
            },
            dryRun: async (operation, input) => {
              called.add("dry runs of EC2");
              return this.aws.dryRun(operation, input, region);
            },
            progress: (text) => this.options.progress(check.name, { note: text }),
          },
          subject,
        ),
      );
      return findings.map(report);
    } catch (error) {
      return [report(this.unanswered(error, check.name))];
    }
  }

  private async inTime<T>(check: string, work: Promise<T>): Promise<T> {
    this.options.progress(check, { note: "" });
    try {
      return await Promise.race([work, this.timedOut]);
    } finally {
      this.options.progress(check, "done");
    }
  }

  /** The unknown result for an error. @throws Error if it is not an error of AWS */
  private unanswered(error: unknown, check: string): Finding {
    if (error instanceof TimedOut || this.options.signal.aborted) {
      return unknown(`no response within ${this.options.timeout} seconds`, "try again with a longer --timeout");
    }
    if (!(error instanceof AwsError)) {
      throw error;
    }
    return judgeError(error, check);
  }
}

/** The calls of a check, and their region; IAM is global. */
function sourceOf(calls: readonly string[], region: string): string {
  if (calls.length === 0) {
    return "no call";
  }
  return `${calls.join(", ")}${calls.every((call) => call.startsWith("iam:")) ? "" : ` in ${region}`}`;
}

class TimedOut extends Error {}

/** Codes by which AWS denies a call, by protocol. */
const DENIED = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"];

/** The finding for an error of a call. */
export function judgeError({ action, code, message }: AwsError, check: string): Finding {
  if (DENIED.includes(code)) {
    return unknown(
      `${action} is denied to these credentials`,
      `allow ${action}; ${dkpAccess("preflight", "--permissions")} prints the whole policy`,
    );
  }
  if (THROTTLED.test(code)) {
    return unknown(
      `${action} is throttled (${code}), after several attempts`,
      "try again when fewer calls are made in the account",
    );
  }
  if (code === NOT_AWS) {
    return unknown(
      `${action}: ${message}`,
      "sign in to the network if it asks for that, or set HTTPS_PROXY and NO_PROXY as it requires, and try again",
    );
  }
  if (code === UNREACHABLE) {
    return unknown(
      `${action}: AWS cannot be reached (${message})`,
      "check the network, the proxy, and whether the region exists",
    );
  }
  const remedy =
    check === permissionsCheck.name
      ? "test the key itself with --as-key once it exists"
      : "try again; if the error persists, its message names the cause";
  return unknown(`${action} returned ${code}: ${message}`, remedy);
}
