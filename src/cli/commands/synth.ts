import { join } from "node:path";
import { loadDeployments } from "../../settings/load";
import { synthesize } from "../../synthesis";
import { pruneStacks, readManifest } from "./support/prune-stacks";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      `Writes the Terraform JSON of every deployment: cdktf.out/stacks/<stack>/cdk.tf.json. Calls neither AWS nor Terraform.

Removes the folder of a removed deployment if synth wrote it and it holds only generated files; otherwise names the files in it.
Rejects Terraform files in a stack's folder that it did not write, because Terraform would apply them.`,
    )
    .action(() => synth(session));
};

function synth(session: Session): void {
  const { settings, output } = session;
  const deployments = loadDeployments(settings, { outputFolder: output });
  synthesize(deployments, output, settings);
  const stacks = readManifest(output);
  for (const { stack, level, message } of stacks.flatMap(({ annotations }) => annotations)) {
    session.printError(`${level}: ${stack}: ${message}\n`);
  }
  const { removed, kept } = pruneStacks(output, stacks, settings);
  for (const stack of removed) {
    session.printError(
      `removed ${join(output, "stacks", stack)}: no settings file of that name. If it was applied, its user and key still exist: restore the file and destroy first\n`,
    );
  }
  for (const { stack, file, isState } of kept) {
    const content = isState ? `a Terraform state (${file})` : `a file that synth did not write (${file})`;
    session.printError(
      `kept ${join(output, "stacks", stack)}: no settings file of that name, but it holds ${content}; move that away first\n`,
    );
  }
  for (const { path } of stacks) {
    session.print(`${join(output, path)}\n`);
  }
}
