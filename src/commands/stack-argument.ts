import type { Deployment } from "../settings/deployment";
import { deploymentsFolder, outputFolder } from "../settings/folder";
import { loadDeployments } from "../settings/load";
import { suggest } from "../settings/words";

/** The deployment that a command's argument names. @throws Error if there is none, with the names there are */
export function deploymentNamed(command: string, stack: string | undefined): Deployment {
  const deployments = loadDeployments(deploymentsFolder(process.env), { outputFolder: outputFolder(process.env) });
  const names = deployments.map((deployment) => deployment.stack);
  if (stack === undefined) {
    throw new Error(`which stack? Write npm run ${command} -- STACK; there are ${names.join(", ")}`);
  }
  const found = deployments.find((deployment) => deployment.stack === stack);
  if (found === undefined) {
    throw new Error(`${stack}: no deployment of that name, ${suggest(stack, names)}`);
  }
  return found;
}
