import { cpSync } from "node:fs";
import type { Credentials, Decision, LocalAws } from "./local-aws";
import type { Deployments } from "./project";
import { folder } from "./project";
import { type Finished, Terraform } from "./terraform";

const STACK = "deckhouse";
const USER = "pipeline";

/** A Terraform command of a pipeline, and its preparation. */
export interface Step {
  readonly command: readonly string[];
  /** New settings. */
  readonly settings?: string;
  /** Changes to the account by administrators before the command. */
  readonly meanwhile?: (aws: LocalAws) => Promise<unknown>;
}

/** A completed step, with everything required to repeat it. */
export interface Done {
  readonly step: Step;
  /** A copy of the account before the step. */
  readonly before: LocalAws;
  /** A copy of the stack's folder before the step. */
  readonly folder: string;
  readonly decisions: readonly Decision[];
}

/** Runs Terraform with a key that has only one policy, which AWS enforces. */
export class Pipeline {
  private constructor(
    private readonly aws: LocalAws,
    private readonly key: Credentials,
  ) {}

  static async with(aws: LocalAws): Promise<Pipeline> {
    await aws.iam().createUser({ UserName: USER });
    return new Pipeline(aws, await aws.createKey(USER));
  }

  /** Replaces the policy of the pipeline, and turns enforcement on. */
  async allow(policy: string, aws = this.aws): Promise<void> {
    await aws.enforceIam(false);
    await aws.iam().putUserPolicy({ UserName: USER, PolicyName: USER, PolicyDocument: policy });
    await aws.enforceIam(true);
  }

  /** Runs a step. @throws Error with Terraform's output if it fails */
  async do(step: Step, deployments: Deployments): Promise<Done> {
    if (step.settings !== undefined) {
      deployments.change({ [STACK]: step.settings });
    }
    await this.aws.enforceIam(false);
    await step.meanwhile?.(this.aws);
    await this.aws.enforceIam(true);
    await this.aws.decisions();
    const own = deployments.terraform(STACK, this.aws).folder;
    const done = { step, before: await this.aws.copy(), folder: copyOf(own) };
    new Terraform(own, this.aws, "terraform", this.key).run(...step.command);
    return { ...done, decisions: await this.aws.decisions() };
  }

  /** Repeats a step on a copy of the account with another policy, and returns exit status, output and calls. */
  async redo({ step, before, folder: original }: Done, policy: string): Promise<Finished & Pick<Done, "decisions">> {
    const aws = await before.copy();
    await this.allow(policy, aws);
    const finished = await new Terraform(copyOf(original), aws, "terraform", this.key).start(...step.command);
    const decisions = await aws.decisions();
    await aws.stop();
    return { ...finished, decisions };
  }
}

function copyOf(original: string): string {
  const copy = folder();
  cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}
