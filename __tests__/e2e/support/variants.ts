import { cpSync } from "node:fs";
import { join } from "node:path";
import { memoized } from "../../helpers/memoized";
import { Deployments } from "./project";
import { type AnyAws, Terraform } from "./terraform";

const STACK = "deckhouse";

/**
 * Folders of one stack with different settings, initialized once: a test changes settings without
 * another synth.
 */
export class Variants {
  private readonly deployments = memoized((settings: string) => this.synthesized(settings));
  private initialized: string | undefined;

  /** @param aws has the backend, to initialize the first folder */
  constructor(private readonly aws: AnyAws) {}

  project(settings: string): string {
    return this.deployments(settings).path;
  }

  /** Initialized. */
  folder(settings: string): string {
    return folderOf(this.deployments(settings));
  }

  private synthesized(settings: string): Deployments {
    const deployments = Deployments.of({ [STACK]: settings });
    const folder = folderOf(deployments);
    if (this.initialized === undefined) {
      new Terraform(folder, this.aws).init();
      this.initialized = folder;
    } else {
      for (const part of [".terraform", ".terraform.lock.hcl"]) {
        cpSync(join(this.initialized, part), join(folder, part), {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
    }
    return deployments;
  }
}

const folderOf = ({ path }: Deployments) => join(path, "cdktf.out/stacks", STACK);
