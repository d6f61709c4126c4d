import type { Deployment } from "../../../settings/deployment";
import { loadDeployments } from "../../../settings/load";
import type { Settings } from "../../../settings/schema/deployment-schema";
import { selectDeployments as select } from "./selection";
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

type SelectedOne = Pick<Selected, "stacks"> & { readonly deployment: Deployment };

/**
 * The deployment of the one stack that is named, or the only one. Warns about invalid settings of other deployments, which do not stop
 * the command.
 * @param change replaces parts of its own `policy`
 * @throws SettingsError, Error as `selection.ts`; Error if several are named
 */
export function selectOne(
  session: Session,
  named: readonly (string | undefined)[],
  change?: Partial<Settings["policy"]>,
): SelectedOne {
  const names = named.filter((name) => name !== undefined);
  const { deployments, stacks } = selected(session, names, change);
  const [deployment, ...others] = deployments;
  if (deployment === undefined || others.length > 0) {
    throw new Error(`name one stack, not ${names.join(" and ")}`);
  }
  return { deployment, stacks };
}

/**
 * The deployments of stacks, or all. Warns about invalid settings of deployments that are not named.
 * @throws SettingsError if the settings of one of them are invalid; Error if there is no such deployment
 */
export function selectDeployments(session: Session, names: readonly string[]): Selected {
  if (names.length > 0) {
    return selected(session, names);
  }
  const deployments = loadDeployments(session.settings);
  return { deployments, stacks: deployments.map(({ stack }) => stack) };
}

function selected(session: Session, names: readonly string[], change?: Partial<Settings["policy"]>): Selected {
  const { deployments, stacks, others } = select(session.settings, names, change);
  if (others !== undefined) {
    const valid = deployments.length > 1 ? "are valid by themselves" : "is valid by itself";
    session.printError(
      `warning: ${others.message}\nwarning: continuing with ${deployments.map(({ stack }) => stack).join(", ")}, which ${valid}\n`,
    );
  }
  return { deployments, stacks };
}
