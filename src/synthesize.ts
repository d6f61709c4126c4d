import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { Deployment } from "./settings/deployment";
import { DeckhouseAccessStack } from "./stack";
import { reviewedJson, type TerraformJson } from "./terraform/terraform-json";

/** The Terraform JSON of deployments by stack, synthesized as the app does it, in a folder that is gone afterwards. */
export function terraformJson(deployments: readonly Deployment[]): Readonly<Record<string, TerraformJson>> {
  const outdir = mkdtempSync(join(tmpdir(), "review-"));
  try {
    const app = new App({ outdir, stackTraces: false, hclOutput: false });
    for (const deployment of deployments) {
      new DeckhouseAccessStack(app, deployment);
    }
    app.synth();
    return Object.fromEntries(
      deployments.map(({ stack }) => [stack, reviewedJson(readFileSync(join(outdir, "stacks", stack, "cdk.tf.json"), "utf8"))]),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
