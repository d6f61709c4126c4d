import { join } from "node:path";
import { AccessApp } from "../../app";
import { loadDeployments } from "../../settings/load";
import { DeckhouseAccessStack } from "../../stack";
import { inSteps } from "../terraform/signals";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      `Writes the Terraform JSON of every deployment: cdktf.out/stacks/<stack>/cdk.tf.json. Calls neither AWS nor Terraform.

Names the folders of removed deployments, and rejects Terraform files in a stack's folder that it did not write, because Terraform would apply them.`,
    )
    .action(() => synth(session));
};

async function synth(session: Session): Promise<void> {
  const { settings: settingsFolder, output: outdir } = session;
  const deployments = loadDeployments(settingsFolder);
  const app = new AccessApp({ settingsFolder, outdir, print: (line) => session.printError(`${line}\n`) });
  for (const deployment of deployments) {
    new DeckhouseAccessStack(app, deployment);
  }
  await inSteps(app.synthInSteps());
  for (const { synthesizedStackPath } of Object.values(app.manifest.stacks)) {
    session.print(`${join(outdir, synthesizedStackPath)}\n`);
  }
}
