import { loadDeployments } from "../../settings/load";
import { synthesize } from "../../synthesis";
import { EXIT } from "./exit-codes";
import { run } from "./support/run-command";
import { Session } from "./support/session";

/**
 * The CDKTF app of a project: writes the Terraform stack of each deployment in `deployments/`, with the same files as
 * `dkp-access synth`. An error is printed as one message, and the process then exits with 1.
 */
export function synthesizeProject(): void {
  run((host) => {
    const { settings, output } = new Session(host);
    synthesize(loadDeployments(settings, { outputFolder: output }), output, settings);
    return EXIT.success;
  });
}
