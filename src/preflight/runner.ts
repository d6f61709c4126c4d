import type { Aws } from "../aws-api/client";
import { AwsError, UNREACHABLE } from "../aws-api/operations";
import { alwaysOnRegion, partitionOf } from "../iam/partitions";
import type { Deployment } from "../settings/deployment";
import { CHECKS } from "./all-checks";
import { type Check, cannotTell, type Finding, type Result, type Subject, skipped } from "./check";
import { IDENTITY_CALL, type Identity, identityOf, judgeAccount, judgeKey, judgeRefusal } from "./checks/account";
import { keyDryRunCheck } from "./checks/key-dry-run";
import { regionCheck } from "./checks/region";
import { permissionsCheck, userArn } from "./checks/user-permissions";

export interface PreflightOptions {
  /** The credentials are the key of the deployment's user: it is asked itself, by dry runs. */
  readonly asKey: boolean;
  readonly existingCluster: boolean;
  /** Time for everything, in seconds. */
  readonly timeout: number;
  /** Ends when that time is over. */
  readonly signal: AbortSignal;
  /** Tells that a check goes on, with a note of how far it is, or that it has ended. */
  readonly progress: (check: string, state: { readonly note: string } | "done") => void;
}

const ACCOUNT = "account";

/** Looks at everything before DKP is let loose on the account. Never rejects for what AWS answers: then it says that it can't tell. */
export async function runPreflight(deployment: Deployment, aws: Aws, options: PreflightOptions): Promise<readonly Result[]> {
  const run = new Run(deployment, aws, options);
  const { results, identity } = await run.identity();
  const checks = options.asKey ? [keyDryRunCheck] : [regionCheck, ...CHECKS];
  if (identity === undefined || results.some(({ verdict }) => verdict !== "ok")) {
    return [...results, ...checks.map((check) => notAsked(check, ACCOUNT))];
  }
  const subject: Subject = {
    deployment,
    partition: partitionOf(deployment.region),
    account: identity.account,
    existingCluster: options.existingCluster,
  };
  if (options.asKey) {
    return [...results, ...(await run.check(keyDryRunCheck, subject))];
  }
  const region = run.check(regionCheck, subject);
  const others = CHECKS.map(async (check) => {
    // A region that is not enabled refuses every key, and every answer would be about that.
    const blocked = check.where === "region" && (await region).some(({ verdict }) => verdict === "blocker");
    return blocked ? [notAsked(check, regionCheck.name)] : run.check(check, subject);
  });
  return [...results, ...(await region), ...(await Promise.all(others)).flat()];
}

function notAsked(check: Check, cause: string): Result {
  return { check: check.name, source: "not asked", ...skipped(`means something only once the ${cause} is right: see above`) };
}

/** One preflight under way. */
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

  /** Whose the credentials are, and whether that is right. */
  async identity(): Promise<{ readonly results: readonly Result[]; readonly identity?: Identity }> {
    const region = this.regions["always-on region"];
    const report = (finding: Finding) => ({ check: ACCOUNT, source: IDENTITY_CALL, ...finding });
    try {
      const identity = identityOf(await this.inTime(ACCOUNT, this.aws.ask(IDENTITY_CALL, {}, region)));
      const { deployment } = this;
      const user = userArn({ deployment, partition: partitionOf(deployment.region), account: identity.account });
      const judged = [judgeAccount(identity, deployment.accountId), ...(this.options.asKey ? [judgeKey(identity, user)] : [])];
      return { results: judged.map(report), identity };
    } catch (error) {
      const refusal = error instanceof AwsError ? judgeRefusal(error) : undefined;
      return { results: [report(refusal ?? this.unanswered(error, ACCOUNT))] };
    }
  }

  async check(check: Check, subject: Subject): Promise<readonly Result[]> {
    const asked = new Set<string>();
    const region = this.regions[check.where];
    const report = (finding: Finding): Result => ({
      check: check.name,
      source: sourceOf([...asked], region),
      ...finding,
    });
    try {
      const findings = await this.inTime(
        check.name,
        check.run(
          {
            ask: (action, input) => {
              asked.add(action);
              return this.aws.ask(action, input, region);
            },
            askAll: (action, input) => {
              asked.add(action);
              return this.aws.askAll(action, input, region);
            },
            dryRun: async (operation, input) => {
              asked.add("dry runs of EC2");
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

  /** What an error means: never more than that it can't be told. @throws what is no error of AWS */
  private unanswered(error: unknown, check: string): Finding {
    if (error instanceof TimedOut || this.options.signal.aborted) {
      return cannotTell(`no answer within ${this.options.timeout} seconds`, "try again with a longer --timeout");
    }
    if (!(error instanceof AwsError)) {
      throw error;
    }
    return judgeError(error, check);
  }
}

/** The calls that told something, and where they asked; IAM is the same everywhere. */
function sourceOf(asked: readonly string[], region: string): string {
  if (asked.length === 0) {
    return "not asked";
  }
  return `${asked.join(", ")}${asked.every((call) => call.startsWith("iam:")) ? "" : ` in ${region}`}`;
}

class TimedOut extends Error {}

/** Codes by which AWS denies a call, by protocol. */
const DENIED = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"];
const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests/;

/** What an answer means that is none. */
export function judgeError({ action, code, message }: AwsError, check: string): Finding {
  if (DENIED.includes(code)) {
    return cannotTell(
      `${action} is denied to these credentials`,
      `allow ${action}: npm run preflight -- --permissions prints the whole policy`,
    );
  }
  if (THROTTLED.test(code)) {
    return cannotTell(`${action} is throttled (${code}), after several tries`, "try again when less goes on in the account");
  }
  if (code === UNREACHABLE) {
    return cannotTell(
      `${action}: AWS can't be reached (${message})`,
      "look at the network, a proxy, and whether the region exists",
    );
  }
  const remedy =
    check === permissionsCheck.name
      ? "ask the key itself with --as-key, once there is one"
      : "try again; if it stays, AWS's answer says why";
  return cannotTell(`${action} answered ${code}: ${message}`, remedy);
}
