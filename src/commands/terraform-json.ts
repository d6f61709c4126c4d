import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reviewedJson, type TerraformJson } from "../review/pack/terraform-json";
import type { Deployment } from "../settings/deployment";
import { synthesized } from "../synthesis";

/** The Terraform JSON of deployments by stack, synthesized as the app does it, in a folder that is gone afterwards. */
export function terraformJson(deployments: readonly Deployment[]): Readonly<Record<string, TerraformJson>> {
  return synthesized(deployments, (folder) =>
    Object.fromEntries(
      deployments.map(({ stack }) => [stack, reviewedJson(readFileSync(join(folder, "stacks", stack, "cdk.tf.json"), "utf8"))]),
    ),
  );
}
