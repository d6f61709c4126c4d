import { cpSync } from "node:fs";
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import type { Credentials, Decision, LocalAws } from "./local-aws";
import type { Deployments } from "./project";
import { folder } from "./project";
import { type Finished, Terraform } from "./terraform";

const STACK = "deckhouse";
const USER = "pipeline";

/** A Terraform command of a pipeline, and what comes before it. */
export interface Step {
  readonly command: readonly string[];
  /** Settings from now on. */
  readonly settings?: string;
  /** What others do to the account meanwhile, as administrators. */
  readonly meanwhile?: (aws: LocalAws) => Promise<unknown>;
}

/** A step that was done, with all that it takes to do it again. */
export interface Done {
  readonly step: Step;
  /** The account as it was before the step. */
  readonly before: LocalAws;
  /** The stack's folder as it was before the step. */
  readonly folder: string;
  readonly decisions: readonly Decision[];
}

/** Runs Terraform with a key that has one policy and nothing else, while AWS enforces it. */
export class Pipeline {
  private constructor(
    private readonly aws: LocalAws,
    private readonly key: Credentials,
  ) {}

  static async with(aws: LocalAws): Promise<Pipeline> {
    await aws.iam().send(new CreateUserCommand({ UserName: USER }));
    const { AccessKey } = await aws.iam().send(new CreateAccessKeyCommand({ UserName: USER }));
    return new Pipeline(aws, { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" });
  }

  /** Gives the pipeline a policy in place of the one before. Turns enforcement on. */
  async allow(policy: string, aws = this.aws): Promise<void> {
    await aws.enforceIam(false);
    await aws.iam().send(new PutUserPolicyCommand({ UserName: USER, PolicyName: USER, PolicyDocument: policy }));
    await aws.enforceIam(true);
  }

  /** Does a step, which must succeed. @throws Error with Terraform's own words if it does not */
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

  /** Does a step again on a copy of the account, with another policy, and returns how it ended. */
  async redo({ step, before, folder: original }: Done, policy: string): Promise<Finished> {
    const aws = await before.copy();
    await this.allow(policy, aws);
    const finished = await new Terraform(copyOf(original), aws, "terraform", this.key).start(...step.command);
    await aws.stop();
    return finished;
  }
}

function copyOf(original: string): string {
  const copy = folder();
  cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}
