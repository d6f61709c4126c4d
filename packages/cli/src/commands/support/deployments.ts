import { Option } from "commander";
import type { Deployment, KeySettings } from "../../../../../src/settings/deployment";
import { SettingsError, show, suggest } from "../../../../../src/settings/errors";
import { readFolder, stackOf } from "../../../../../src/settings/load";
import {
  errorsOf,
  fileErrors,
  keySettings,
  withPolicy,
} from "../../../../../src/settings/read-settings";
import type { Settings } from "../../../../../src/settings/settings";
import { grouped } from "../../../../../src/text/grouped";
import type { Reading } from "../../account/aws/iam-reader";
import { someAtATime } from "../../account/aws/operations";
import { EXIT, exitCodeOf, type Finding, type Rules, reportJson } from "../../findings/finding";
import { readState, type StateContents } from "../../terraform/state-file";
import { pullState, stackFolder } from "../../terraform/terraform-cli";
import type { Session } from "./session";

export const STACK_HELP = "the name of the settings file; needed where there are several";

export const STACKS_HELP = "the names of the settings files; all by default";

/** `--policy` of the commands that read AWS. */
export const policyOption = (): Option =>
  new Option("--policy", "print the IAM policy that keys, drift and preflight require");

interface Selected {
  /** Each valid by itself, whatever the others are like. */
  readonly deployments: readonly Deployment[];
  /** The stacks of all settings files, valid or not. */
  readonly stacks: readonly string[];
}

/**
 * The deployment of the one stack that is named, or the only one.
 * @param change replaces parts of its own `policy`
 * @throws as `selectDeployments`; Error if it is not one
 */
export function selectOne(
  session: Session,
  named: readonly (string | undefined)[],
  change?: Partial<Settings["policy"]>,
): Pick<Selected, "stacks"> & { readonly deployment: Deployment } {
  const names = named.filter((name) => name !== undefined);
  const { deployments, stacks } = selectDeployments(session, names, change);
  const [deployment, ...others] = deployments;
  if (deployment === undefined || others.length > 0) {
    throw new Error(
      names.length === 0
        ? `name a stack: ${stacks.join(", ")}`
        : `name one stack, not ${names.join(" and ")}`,
    );
  }
  return { deployment, stacks };
}

/**
 * What the keys need of the one stack that is named, or the only one. Other errors of its settings
 * are only warnings.
 * @throws as `selectOne` for settings without a Region and a user
 */
export function selectKeySettings(session: Session, name: string | undefined): KeySettings {
  try {
    return selectOne(session, [name]).deployment;
  } catch (error) {
    const readings = error instanceof SettingsError ? readFolder(session.settings) : [];
    const [reading, ...others] = readings.filter(
      ({ source }) => name === undefined || stackOf(source) === name,
    );
    const readable = reading && others.length === 0 ? keySettings(reading) : undefined;
    if (readable === undefined) {
      throw error;
    }
    const { message } = error as Error;
    const { stack, user, region } = readable;
    session.printError(
      `warning: ${message}\nwarning: continuing with ${stack}: the user ${user.name}, ${region}\n`,
    );
    return readable;
  }
}

/**
 * The deployments of any number of stacks, in the order given, or all. Other deployments with
 * invalid settings, and errors between deployments, are only warnings.
 * @param change replaces fields of their own `policy`
 * @throws SettingsError with the errors of these deployments; Error if there is no such deployment
 */
export function selectDeployments(
  { settings, printError }: Pick<Session, "settings" | "printError">,
  names: readonly string[],
  change?: Partial<Settings["policy"]>,
): Selected {
  const readings = readFolder(settings);
  const byStack = grouped(readings, ({ source }) => stackOf(source));
  const stacks = [...byStack.keys()];
  const unknown = names.find((name) => !byStack.has(name));
  if (unknown !== undefined) {
    const stack = stackOf(unknown);
    const remedy = byStack.has(stack) ? `write ${stack}` : suggest(unknown, stacks);
    throw new Error(`no deployment ${show(unknown)} in ${settings}, ${remedy}`);
  }
  const own = [...new Set(names.length === 0 ? stacks : names)].flatMap(
    (name) => byStack.get(name) ?? [],
  );
  const errors = errorsOf(readings);
  const rejected = names.length === 0 ? errors : fileErrors(own);
  if (rejected.size > 0) {
    throw new SettingsError(rejected);
  }
  const deployments = own.flatMap((reading) =>
    change ? withPolicy(reading, change) : (reading.deployment ?? []),
  );
  if (errors.size > 0) {
    const continued = deployments.map(({ stack }) => stack).join(", ");
    printError(
      `warning: ${new SettingsError(errors).message}\nwarning: continuing with ${continued}\n`,
    );
  }
  return { deployments, stacks };
}

/** The state of a stack, or why it cannot be read. */
export async function readableState(
  { terraform, output }: Session,
  stack: string,
): Promise<Reading<StateContents>> {
  try {
    const folder = stackFolder(terraform, output, stack);
    return { value: readState(await pullState(terraform, folder)) };
  } catch (error) {
    return { unread: (error as Error).message };
  }
}

interface DeploymentReports<
  Of extends Rules,
  Report extends { readonly findings: readonly Finding<Of>[] },
> {
  readonly rules: Of;
  readonly report: (deployment: Deployment) => Promise<Report>;
  readonly text: (report: Report) => string;
  readonly json: (report: Report) => object & { readonly stack: string };
  readonly format: string;
}

/** Most of the time passes while Terraform and AWS respond. */
const AT_A_TIME = 4;

/**
 * Reports deployments in their order, several at a time. An error with one counts as an unknown
 * result, and does not stop the others.
 */
export async function forDeployments<
  Of extends Rules,
  Report extends { readonly findings: readonly Finding<Of>[] },
>(
  session: Session,
  deployments: readonly Deployment[],
  { rules, report, text, json, format }: DeploymentReports<Of, Report>,
): Promise<void> {
  const reports = new Map<Deployment, Report>();
  let ended = 0;
  await someAtATime(AT_A_TIME, deployments, async (deployment) => {
    try {
      const result = await report(deployment);
      session.raise(exitCodeOf<Of>(rules, result.findings));
      reports.set(deployment, result);
    } catch (error) {
      const { message } = error as Error;
      session.fail(
        deployments.length > 1
          ? new Error(`${deployment.stack}: ${message}`, { cause: error })
          : error,
      );
      session.raise(EXIT.breaking);
    }
    ended += 1;
    if (deployments.length > 1) {
      session.printError(`${deployment.stack} (${ended} of ${deployments.length})\n`);
    }
  });
  const inOrder = deployments.flatMap((deployment) => reports.get(deployment) ?? []);
  if (format === "json") {
    const findings = inOrder.flatMap((result) => result.findings);
    // Also the exit code of a deployment that could not be read.
    session.printJson(
      reportJson<Of>(rules, findings, inOrder.map(json), { exitCode: session.exitCode }),
    );
  } else {
    session.print(inOrder.map(text).join("\n"));
  }
}
