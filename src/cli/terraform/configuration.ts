import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { Deployment } from "../../settings/deployment";
import { DeckhouseAccessStack } from "../../stack";
import { temporaryName } from "../../text/files";
import { sortedKeys } from "../text/json";
import { reviewedJson, type TerraformJson } from "./terraform-json";

/** The text of `cdk.tf.json` of a deployment, as `AccessApp` writes it into an output folder. Creates nothing. */
function configurationText(deployment: Deployment, outdir: string): string {
  const created = [outdir, join(outdir, "stacks")].find((folder) => !existsSync(folder));
  const app = new App({ outdir, stackTraces: false, hclOutput: false });
  if (created !== undefined) {
    rmSync(created, { recursive: true }); // CDKTF creates the output folder of an app
  }
  const stack = new DeckhouseAccessStack(app, deployment, { compared: false });
  stack.prepareStack();
  return JSON.stringify(stack.toTerraform(), sortedKeys, 2);
}

/** The Terraform JSON of deployments by stack, without comments: the same JSON that `AccessApp` writes. */
export function terraformJson(deployments: readonly Deployment[]): Readonly<Record<string, TerraformJson>> {
  const outdir = join(tmpdir(), temporaryName("synth"));
  const json = (deployment: Deployment) => reviewedJson(configurationText(deployment, outdir));
  return Object.fromEntries(deployments.map((deployment) => [deployment.stack, json(deployment)]));
}
