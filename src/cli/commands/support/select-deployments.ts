import type { Deployment } from "../../../settings/deployment";
import { loadDeployments, selectDeployment } from "../../../settings/load";
import type { Settings } from "../../../settings/schema/deployment-schema";
import type { Session } from "./session";

/** Help of the argument of a command for one deployment. */
export const STACK_HELP = "the stack of the deployment: the name of its settings file; not needed where there is only one";

/** Help of the argument of a command for several deployments. */
export const STACKS_HELP = "the stacks of the deployments; all by default";

export interface Selected {
  readonly deployments: readonly Deployment[];
  /** The stacks of all settings files, valid or not. */
  readonly stacks: readonly string[];
}

/**
 * The deployment of a stack, or the only one. Warns about invalid settings of other deployments, which do not stop the command.
 * @param change replaces parts of its own `policy`
 * @throws SettingsError, Error as `selectDeployment`
 */
export function selectOne(session: Session, stack: string | undefined, change: Partial<Settings["policy"]> = {}): Deployment {
  const { deployment, others } = selectDeployment(session.settings, stack, { outputFolder: session.output }, change);
  warn(session, [others?.message ?? []].flat(), [deployment.stack]);
  return deployment;
}

/**
 * The deployments of stacks, or all. Warns about invalid settings of deployments that are not named.
 * @throws SettingsError if the settings of one of them are invalid; Error if there is no such deployment
 */
export function selectDeployments(session: Session, names: readonly string[]): Selected {
  const surroundings = { outputFolder: session.output };
  if (names.length === 0) {
    const deployments = loadDeployments(session.settings, surroundings);
    return { deployments, stacks: deployments.map(({ stack }) => stack) };
  }
  const selections = [...new Set(names)].map((name) => selectDeployment(session.settings, name, surroundings));
  const deployments = selections.map(({ deployment }) => deployment);
  const warnings = new Set(selections.flatMap(({ others }) => others?.message ?? []));
  warn(
    session,
    [...warnings],
    deployments.map(({ stack }) => stack),
  );
  return { deployments, stacks: selections[0]?.stacks ?? [] };
}

function warn(session: Session, warnings: readonly string[], stacks: readonly string[]): void {
  for (const warning of warnings) {
    session.printError(`warning: ${warning}\n`);
  }
  if (warnings.length > 0) {
    session.printError(
      `warning: continuing with ${stacks.join(", ")}, which ${stacks.length > 1 ? "are" : "is"} valid by ${stacks.length > 1 ? "themselves" : "itself"}\n`,
    );
  }
}
