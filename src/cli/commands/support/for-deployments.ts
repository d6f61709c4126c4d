import type { Deployment } from "../../../settings/deployment";
import { someAtATime } from "../../account/aws/operations";
import { EXIT } from "../exit-codes";
import type { Session } from "./session";

/** How a command reports several deployments. */
export interface DeploymentReports<Report> {
  /** Reads one deployment and sets the exit code. */
  readonly report: (deployment: Deployment) => Promise<Report>;
  readonly text: (report: Report) => string;
  readonly json: (reports: readonly Report[]) => object;
  readonly format: string;
}

/** How many deployments are read at a time: most of the time passes while Terraform and AWS respond. */
const AT_A_TIME = 4;

/**
 * Reports deployments, several at a time: text as soon as a report is there, JSON at the end in the order of the deployments. One that
 * cannot be read does not keep the others from being reported; the exit code then is that of an unknown result.
 */
export async function forDeployments<Report>(
  session: Session,
  deployments: readonly Deployment[],
  { report, text, json, format }: DeploymentReports<Report>,
): Promise<void> {
  const reports = new Map<Deployment, Report>();
  let ended = 0;
  await someAtATime(AT_A_TIME, deployments, async (deployment) => {
    try {
      const result = await report(deployment);
      if (format === "text") {
        session.print(`${reports.size === 0 ? "" : "\n"}${text(result)}`);
      }
      reports.set(deployment, result);
    } catch (error) {
      const { message } = error as Error;
      session.fail(deployments.length > 1 ? new Error(`${deployment.stack}: ${message}`, { cause: error }) : error);
      session.raise(EXIT.breaking);
    }
    if (deployments.length > 1) {
      ended += 1;
      session.printError(`${deployment.stack} (${ended} of ${deployments.length})\n`);
    }
  });
  if (format === "json") {
    session.printJson(json(deployments.flatMap((deployment) => reports.get(deployment) ?? [])));
  }
}
