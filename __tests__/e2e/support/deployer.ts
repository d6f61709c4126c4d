import { cpSync } from "node:fs";
import type { Call, DeployerStatement } from "../../../packages/cli/src/iam/deployer-permissions";
import type { PolicyDocument } from "../../../src/iam/policy-document";
import type { Request } from "../../helpers/simulator";
import type { Credentials, Decision, LocalAws } from "./local-aws";
import type { Deployments } from "./project";
import { folder } from "./project";
import { type Finished, Terraform } from "./terraform";

const STACK = "deckhouse";
const USER = "pipeline";

export interface Step {
  readonly command: readonly string[];
  readonly settings?: string;
  readonly meanwhile?: (aws: LocalAws) => Promise<unknown>;
}

export interface Done {
  readonly step: Step;
  readonly before: LocalAws;
  readonly folder: string;
  readonly decisions: readonly Decision[];
}

/** Runs Terraform with a key that has only one policy. */
export class Pipeline {
  private constructor(
    private readonly aws: LocalAws,
    private readonly key: Credentials,
  ) {}

  static async with(aws: LocalAws): Promise<Pipeline> {
    await aws.iam().createUser({ UserName: USER });
    return new Pipeline(aws, await aws.createKey(USER));
  }

  async allow(policy: string, aws = this.aws): Promise<void> {
    await aws.iam().putUserPolicy({ UserName: USER, PolicyName: USER, PolicyDocument: policy });
  }

  /** @throws Error with Terraform's output if it fails */
  async do(step: Step, deployments: Deployments): Promise<Done> {
    if (step.settings !== undefined) {
      deployments.change({ [STACK]: step.settings });
    }
    await step.meanwhile?.(this.aws);
    const own = deployments.terraform(this.aws, STACK).folder;
    const done = { step, before: await this.aws.copy(), folder: copyOf(own) };
    new Terraform(own, this.aws, "terraform", this.key).run(...step.command);
    return { ...done, decisions: await this.aws.decisions() };
  }

  /**
   * Repeats a step on a copy of the account with another policy.
   * @returns exit status, output and calls
   */
  async redo(
    { step, before, folder: original }: Done,
    policy: string,
  ): Promise<Finished & Pick<Done, "decisions">> {
    const aws = await before.copy();
    await this.allow(policy, aws);
    const finished = await new Terraform(copyOf(original), aws, "terraform", this.key).start(
      ...step.command,
    );
    const decisions = await aws.decisions();
    await aws.stop();
    return { ...finished, decisions };
  }
}

function copyOf(original: string) {
  const copy = folder();
  cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

export const document = (text: string) => JSON.parse(text) as PolicyDocument;

export interface Grant extends Call, Pick<DeployerStatement, "sid" | "resources"> {}

export const grantsOf = (statements: readonly DeployerStatement[]): readonly Grant[] =>
  statements.flatMap(({ sid, resources, calls }) =>
    calls.map((call) => ({ sid, resources, ...call })),
  );

export function isFor({ action, resources }: Grant, call: Request): boolean {
  return call.action === action && resources.some((pattern) => like(pattern).test(call.resource));
}

function like(pattern: string) {
  return new RegExp(`^${pattern.replaceAll(/[.+?^$()[\]{}|\\]/g, "\\$&").replaceAll("*", ".*")}$`);
}

/**
 * The grants without which a step fails, each proven by an error of Terraform that names the denied
 * action. To save runs, several grants are removed at once: a call that is denied and named then is
 * also denied when only its grant is removed. Grants whose error was hidden by another one are
 * tried again. Grants for the state are tried one at a time, because the state is read first, and
 * the errors of S3 name no action.
 */
export async function failingGrants(
  redo: (policy: string) => Promise<Finished>,
  whole: string,
  grants: readonly Grant[],
): Promise<readonly Grant[]> {
  const named = grants.filter(({ action }) => action.startsWith("iam:"));
  const unnamed = grants.filter((grant) => !named.includes(grant));
  const proven: Grant[] = [];
  let open = named;
  while (open.length > 0) {
    const { status, output } = await redo(without(whole, open));
    const refused = open.filter(
      ({ action }) => status === 1 && errorsIn(output).some((error) => names(error, action)),
    );
    if (refused.length === 0) {
      break;
    }
    proven.push(...refused);
    open = open.filter((grant) => !refused.includes(grant));
  }
  for (const grant of unnamed) {
    const { status, output } = await redo(without(whole, [grant]));
    if (
      status === 1 &&
      errorsIn(output).some((error) => /AccessDenied|Forbidden|StatusCode: 403/.test(error))
    ) {
      proven.push(grant);
    }
  }
  return proven;
}

export function without(text: string, left: readonly Grant[]): string {
  const { Statement, ...rest } = document(text);
  const remaining = Statement.map((statement) => ({
    ...statement,
    Action: [statement.Action]
      .flat()
      .filter(
        (action) => !left.some((grant) => grant.sid === statement.Sid && grant.action === action),
      ),
  }));
  return JSON.stringify({
    ...rest,
    Statement: remaining.filter(({ Action }) => Action.length > 0),
  });
}

function errorsIn(output: string) {
  const parts = output
    .split(/^(?=(?:Error|Warning): )/m)
    .filter((part) => part.startsWith("Error: "));
  return parts.map((part) => part.replaceAll(/\s+/g, " "));
}

function names(error: string, action: string) {
  return new RegExp(`not authorized to perform: ${action}\\b`).test(error);
}
