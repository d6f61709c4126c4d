import type { Deployment } from "../settings/deployment";
import { type Selection, selectDeployment } from "../settings/load";
import { deploymentsFolder, outputFolder } from "../settings/paths";
import type { Settings } from "../settings/schema/deployment-schema";

/**
 * The deployment that a command is for: of the stack that is named, or the only one. Warns on standard error about invalid settings
 * of other deployments, which do not keep the command from its work.
 * @param change what to take instead of its own `policy`
 * @throws SettingsError, Error as `selectDeployment`
 */
export function selectNamed(stack: string | undefined, change: Partial<Settings["policy"]> = {}): Selection {
  const surroundings = { outputFolder: outputFolder(process.env) };
  const selection = selectDeployment(deploymentsFolder(process.env), stack, surroundings, change);
  if (selection.others !== undefined) {
    process.stderr.write(
      `warning: ${selection.others.message}\nwarning: continuing with ${selection.deployment.stack}, which is valid by itself\n`,
    );
  }
  return selection;
}

/** The same, where only the deployment counts. */
export function deploymentNamed(stack: string | undefined, change: Partial<Settings["policy"]> = {}): Deployment {
  return selectNamed(stack, change).deployment;
}
