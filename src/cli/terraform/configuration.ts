import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { Deployment } from "../../settings/deployment";
import { DeckhouseAccessStack } from "../../stack";
import { temporaryName } from "../../text/files";
import { sortedKeys } from "../text/json";
import { reviewedJson, type TerraformJson } from "./terraform-json";

let app: App | undefined;

/** An app that is never synthesized. CDKTF creates the output folder of an app, which is removed again. */
function emptyApp(): App {
  const outdir = join(tmpdir(), temporaryName("synth"));
  const empty = new App({ outdir, stackTraces: false, hclOutput: false });
  rmSync(outdir, { recursive: true });
  return empty;
}

/** The Terraform JSON of a deployment, without comments: the same JSON that `AccessApp` writes. */
export function terraformJson(deployment: Deployment): TerraformJson {
  app ??= emptyApp();
  const stack = new DeckhouseAccessStack(app, deployment, { compared: false });
  app.node.tryRemoveChild(deployment.stack);
  return reviewedJson(JSON.stringify(stack.toTerraform(), sortedKeys));
}
