import { cpSync } from "node:fs";
import { join } from "node:path";
import { AccessApp } from "../../../src/app";
import type { Deployment } from "../../../src/settings/deployment";
import { loadDeployments } from "../../../src/settings/load";
import { DeckhouseAccessStack } from "../../../src/stack";
import { memoized } from "../../helpers/memoized";
import { folder } from "./project";
import { type AnyAws, Terraform } from "./terraform";

const STACK = "deckhouse";
/** By default, as in every repository of settings. */
export const OUTPUT = "cdktf.out";

interface Variant {
  readonly project: string;
  readonly deployment: Deployment;
  /** Of its Terraform JSON. */
  readonly stack: string;
}

/**
 * Folders of one stack with different settings, synthesized in this process and initialized once: a
 * test changes settings without another synth.
 */
export class Variants {
  readonly of = memoized((settings: string) => this.synthesized(settings));
  private initialized: string | undefined;

  /** @param aws has the backend, to initialize the first folder */
  constructor(private readonly aws: AnyAws) {}

  private synthesized(settings: string): Variant {
    const project = folder({ [`deployments/${STACK}.yaml`]: settings });
    const [settingsFolder, outdir] = [join(project, "deployments"), join(project, OUTPUT)];
    const app = new AccessApp({ settingsFolder, outdir, print: () => undefined });
    const [deployment] = loadDeployments(settingsFolder) as [Deployment];
    new DeckhouseAccessStack(app, deployment, { compared: false });
    app.synth();
    const stack = join(outdir, "stacks", STACK);
    if (this.initialized === undefined) {
      new Terraform(stack, this.aws).init();
      this.initialized = stack;
    } else {
      for (const part of [".terraform", ".terraform.lock.hcl"]) {
        cpSync(join(this.initialized, part), join(stack, part), {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
    }
    return { project, deployment, stack };
  }
}
