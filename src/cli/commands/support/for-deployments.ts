import type { Deployment } from "../../../settings/deployment";
import type { Session } from "./session";

/** How a command reports several deployments. */
export interface DeploymentReports<Report> {
  /** Reads one deployment and sets the exit code. */
  readonly report: (deployment: Deployment) => Promise<Report>;
  readonly text: (report: Report) => string;
  readonly format: string;
  /** Whether the JSON output is one object instead of a list. */
  readonly isSingle: boolean;
}

/**
 * Reports deployments one after the other: text as soon as a report is there, JSON at the end. One that cannot be read does not keep
 * the others from being reported. Names each one on standard error while it is read, where there are several.
 * @param done is called when everything is printed, with whether a deployment could not be read
 */
export async function forDeployments<Report>(
  session: Session,
  deployments: readonly Deployment[],
  { report, text, format, isSingle }: DeploymentReports<Report>,
  done: (failed: boolean) => void,
): Promise<void> {
  const reports: Report[] = [];
  let failed = false;
  for (const [index, deployment] of deployments.entries()) {
    if (deployments.length > 1) {
      session.printError(`${deployment.stack} (${index + 1} of ${deployments.length})\n`);
    }
    try {
      const result = await report(deployment);
      if (format === "text") {
        session.print(`${reports.length === 0 ? "" : "\n"}${text(result)}`);
      }
      reports.push(result);
    } catch (error) {
      failed = true;
      session.fail(error);
    }
  }
  const json = isSingle ? reports[0] : reports;
  session.print(format === "json" && json !== undefined ? `${JSON.stringify(json, null, 2)}\n` : "", () => done(failed));
}
