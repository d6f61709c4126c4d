import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AccessApp, VERSIONS } from "../../../../src/app";
import type { Deployment } from "../../../../src/settings/deployment";
import { loadDeployments } from "../../../../src/settings/load";
import { DeckhouseAccessStack } from "../../../../src/stack";
import { makeFolder, requireNoLinks } from "../../../../src/text/files";
import { MAIN_FILE } from "../diff/packs/pack-side";
import { json } from "../review/pack";
import { moduleJson, settingsOfProvider } from "../terraform/module";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      "Writes the Terraform JSON of every deployment: cdktf.out/stacks/<stack>/cdk.tf.json. " +
        "Rejects Terraform files in a stack's folder that it did not write.",
    )
    .option(
      "--module",
      "also write a module without provider and backend, cdktf.out/modules/<stack>/main.tf.json",
    )
    .action(async ({ module }: { readonly module?: true }) => {
      const deployments = loadDeployments(session.settings);
      const modules =
        module === true ? deployments.map((each) => [each, json(moduleJson(each))] as const) : [];
      const { manifest } = await synthesize(session, deployments);
      for (const { synthesizedStackPath } of Object.values(manifest.stacks)) {
        session.print(`${join(session.output, synthesizedStackPath)}\n`);
      }
      for (const [deployment, text] of modules) {
        writeModule(session, deployment, text);
      }
    });
};

function writeModule(session: Session, deployment: Deployment, text: string): void {
  const modules = join(session.output, "modules");
  const folder = join(modules, deployment.stack);
  const [main, versions] = [join(folder, MAIN_FILE), join(folder, VERSIONS.name)];
  requireNoLinks([modules, folder, main, versions]);
  makeFolder(folder);
  writeFileSync(main, text);
  writeFileSync(versions, VERSIONS.content);
  session.print(`${main}\n`);
  const missing = settingsOfProvider(deployment);
  if (missing.length > 0) {
    session.printError(
      `note: ${folder}: has no ${missing.join(", ")}; ` +
        "set the same in the provider of your root module\n",
    );
  }
}

/**
 * Writes the Terraform JSON of deployments.
 * @param stacks of all settings files, if these are not all deployments
 */
export async function synthesize(
  session: Session,
  deployments: readonly Deployment[],
  stacks?: readonly string[],
): Promise<AccessApp> {
  const print = (line: string) => session.printError(`${line}\n`);
  const app = new AccessApp({
    settingsFolder: session.settings,
    outdir: session.output,
    stacks,
    print,
  });
  for (const deployment of deployments) {
    new DeckhouseAccessStack(app, deployment, { compared: false });
  }
  app.synth();
  return app;
}
