import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../../helpers/project-root";
import { copyOfProject, write } from "./project";
import { SERVED_MIRROR } from "./served-mirror";
import type { Finished } from "./terraform";

type Variables = Readonly<Record<string, string>>;

interface GitLabJob {
  readonly extends?: string;
  readonly variables?: Variables;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
}

interface GitHubStep {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
}

interface GitHubWorkflow {
  readonly env?: Variables;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly GitHubStep[] }>>;
}

/** Commands whose result the copy of the project already contains, as after a checkout with `prepare` and `npm ci`. */
const DONE = "sh scripts/pipeline.sh prepare && npm ci";

const read = (path: string): unknown => parse(readFileSync(join(PROJECT, path), "utf8"));

/** Expands earlier variables in the values of variables, as GitLab does. */
function expanded(variables: Variables, known: Variables): Record<string, string> {
  const result: Record<string, string> = { ...known };
  for (const [name, value] of Object.entries(variables)) {
    result[name] = value.toString().replace(/\$(\w+)/g, (_, other) => result[other] ?? "");
  }
  return result;
}

/** A part of a job that runs in its own shell. */
interface Step {
  readonly program: string;
  readonly args: readonly string[];
  readonly variables: Variables;
  /** Whether it also runs after a failed step. */
  readonly always: boolean;
}

/** A job of a pipeline file that runs in a checkout. */
export type Job = (checkout: string, name: string, environment: Variables) => readonly Step[];

/** A job of `docs/pipelines/gitlab-ci.yml` as a GitLab runner runs it: `before_script` and `script` in one shell, `after_script` in another. */
export const gitLab: Job = (checkout, name, environment) => {
  const file = read("docs/pipelines/gitlab-ci.yml") as { readonly variables: Variables } & Readonly<Record<string, GitLabJob>>;
  // The jobs of a deployment are templates of the jobs in the child pipeline.
  const job = file[`.${name}`] ?? file[name] ?? {};
  const base = job.extends === undefined ? undefined : file[job.extends];
  const variables = expanded(
    { ...file.variables, ...base?.variables, ...job.variables },
    { ...environment, CI_PROJECT_DIR: checkout },
  );
  const script = [...(base?.before_script ?? []), ...(job.script ?? [])].filter((line) => line !== DONE);
  return [
    { program: "sh", args: ["-e", "-c", script.join("\n")], variables, always: false },
    { program: "sh", args: ["-e", "-c", (base?.after_script ?? []).join("\n")], variables, always: true },
  ];
};

/** The commands of a job of `docs/pipelines/github-actions.yml`, each step in its own shell, without the actions. */
export const gitHub: Job = (_, name, environment) => {
  const workflow = read("docs/pipelines/github-actions.yml") as GitHubWorkflow;
  const variables = { ...workflow.env, ...environment };
  return (workflow.jobs[name]?.steps ?? []).flatMap(({ run, if: condition }) =>
    run === undefined || run === DONE
      ? []
      : [{ program: "bash", args: ["-eo", "pipefail", "-c", run], variables, always: condition === "always()" }],
  );
};

/** Runs the steps of a job in order; after a failure, only those that always run. */
export function runSteps(checkout: string, steps: readonly Step[], failed = false): Finished {
  let status: number | null = failed ? 1 : 0;
  let output = "";
  for (const { program, args, variables, always } of steps) {
    if (status !== 0 && !always) {
      continue;
    }
    const step = spawnSync(program, args, { cwd: checkout, env: variables, encoding: "utf8", maxBuffer: 2 ** 26 });
    output += `${step.stdout}${step.stderr}`;
    status = status === 0 ? step.status : status;
  }
  return { status, output };
}

/** Starts a step and does not wait for its end. */
export function startStep(checkout: string, { program, args, variables }: Step) {
  return spawn(program, args, { cwd: checkout, env: variables, stdio: ["ignore", "pipe", "pipe"] });
}

/** All descendants of a process, the youngest first. */
export function descendants(pid: number): readonly number[] {
  const { stdout } = spawnSync("ps", ["-e", "-o", "pid=,ppid="], { encoding: "utf8" });
  const parents = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    parents.flatMap(([child = 0, of]) => (of === parent ? [child, ...below(child)] : []));
  return below(pid).sort((one, other) => other - one);
}

/** A git checkout of this project with deployments. */
export class Checkout {
  readonly path = copyOfProject();

  /** @param deployments settings by stack */
  constructor(deployments: Readonly<Record<string, string>>) {
    for (const part of ["docs", ".gitignore"]) {
      cpSync(join(PROJECT, part), join(this.path, part), { recursive: true });
    }
    const path = join(this.path, "package.json");
    // The program is built, as in a repository that `init` wrote.
    writeFileSync(path, readFileSync(path, "utf8").replaceAll('": "tsc -b && node bin', '": "node bin'));
    write(
      this.path,
      Object.fromEntries(Object.entries(deployments).map(([stack, settings]) => [`deployments/${stack}.yaml`, settings])),
    );
  }

  /** Runs a program. @throws Error with its output if it fails */
  run(environment: Variables, program: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: this.path, env: environment, encoding: "utf8" });
    if (status !== 0) {
      throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
    }
    return stdout;
  }

  commit(): void {
    const git = (...args: string[]) =>
      this.run({ PATH: process.env.PATH ?? "" }, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", ...args);
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message=x");
  }

  /** Whether any file of the checkout contains a string, ignored files included. */
  contains(text: string): boolean {
    return spawnSync("grep", ["--recursive", "--quiet", "--text", "--fixed-strings", text, "."], { cwd: this.path }).status === 0;
  }
}

/**
 * Creates the provider lock of a deployment with the commands that `pipeline.sh` prints when there is none.
 * @throws Error if it prints none
 */
export function createLock(checkout: Checkout, environment: Variables, stack = "deckhouse"): void {
  const { output } = runSteps(checkout.path, [
    { program: "sh", args: ["scripts/pipeline.sh", "plan", stack], variables: environment, always: false },
  ]);
  const [, commands] =
    new RegExp(`^pipeline.sh: locks/${stack}.terraform.lock.hcl: missing; create it and commit it:\n(.*)$`, "s").exec(output) ??
    [];
  if (commands === undefined) {
    throw new Error(`no commands for a lock file:\n${output}`);
  }
  const args = { TF_CLI_ARGS_providers_lock: `-fs-mirror=${process.env[SERVED_MIRROR]}` };
  checkout.run({ ...environment, ...args }, "sh", "-e", "-c", commands);
}
