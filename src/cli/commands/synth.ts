import { join } from "node:path";
import { AccessApp } from "../../app";
import type { Deployment } from "../../settings/deployment";
import { loadDeployments } from "../../settings/load";
import { DeckhouseAccessStack } from "../../stack";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      `Writes the Terraform JSON of every deployment: cdktf.out/stacks/<stack>/cdk.tf.json. Calls neither AWS nor Terraform.

Names the folders of removed deployments, and rejects Terraform files in a stack's folder that it did not write, because Terraform would apply them.`,
    )
    .action(async () => {
      const { manifest } = await synthesize(session, loadDeployments(session.settings));
      for (const { synthesizedStackPath } of Object.values(manifest.stacks)) {
        session.print(`${join(session.output, synthesizedStackPath)}\n`);
      }
    });
};

/** Writes the Terraform JSON of deployments. @param stacks of all settings files, if these are not all deployments */
export async function synthesize(session: Session, deployments: readonly Deployment[], stacks?: readonly string[]) {
  const print = (line: string) => session.printError(`${line}\n`);
  const app = new AccessApp({ settingsFolder: session.settings, outdir: session.output, stacks, print });
  for (const deployment of deployments) {
    new DeckhouseAccessStack(app, deployment, { compared: false });
  }
  app.synth();
  return app;
}
