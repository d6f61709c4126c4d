import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { copyOfProject, PROJECT, write } from "./project";
import type { Finished } from "./terraform";

type Variables = Readonly<Record<string, string>>;

interface GitLabJob {
  readonly extends?: string;
  readonly variables?: Variables;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
}

interface GitHubStep {
  readonly uses?: string;
  readonly run?: string;
}

interface GitHubWorkflow {
  readonly env?: Variables;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly GitHubStep[] }>>;
}

/** What the copy of the project has done already, as after a checkout with `npm ci`. */
const DONE = "npm ci";

const read = (path: string): unknown => parse(readFileSync(join(PROJECT, path), "utf8"));

/** Variables whose values name variables that are known before them, as GitLab puts them in. */
function expanded(variables: Variables, known: Variables): Record<string, string> {
  const result: Record<string, string> = { ...known };
  for (const [name, value] of Object.entries(variables)) {
    result[name] = value.toString().replace(/\$(\w+)/g, (_, other) => result[other] ?? "");
  }
  return result;
}

/** Runs a job of `docs/pipelines/gitlab-ci.yml` in a checkout, as a runner does: its `before_script` and `script` in one shell. */
export function gitLabJob(checkout: string, name: string, environment: Variables): Finished {
  const file = read("docs/pipelines/gitlab-ci.yml") as { readonly variables: Variables } & Readonly<Record<string, GitLabJob>>;
  const job = file[name] ?? {};
  const base = job.extends === undefined ? undefined : file[job.extends];
  const variables = expanded(
    { ...file.variables, ...base?.variables, ...job.variables },
    { ...environment, CI_PROJECT_DIR: checkout },
  );
  const lines = [...(base?.before_script ?? []), ...(job.script ?? [])].filter((line) => line !== DONE);
  return shell(checkout, "sh", ["-e"], lines, variables);
}

/** Runs the commands of a job of `docs/pipelines/github-actions.yml` in a checkout; its actions are not run. */
export function gitHubJob(checkout: string, name: string, environment: Variables): Finished {
  const workflow = read("docs/pipelines/github-actions.yml") as GitHubWorkflow;
  const lines = (workflow.jobs[name]?.steps ?? []).flatMap(({ run }) => (run === undefined || run === DONE ? [] : [run]));
  return shell(checkout, "bash", ["-eo", "pipefail"], lines, { ...workflow.env, ...environment });
}

function shell(checkout: string, program: string, flags: readonly string[], lines: readonly string[], env: Variables): Finished {
  const { status, stdout, stderr } = spawnSync(program, [...flags, "-c", lines.join("\n")], {
    cwd: checkout,
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return { status, output: `${stdout}${stderr}` };
}

/** A git checkout of this project with one deployment, its provider lock committed, and a certificate for plans. */
export class Checkout {
  readonly path = copyOfProject();

  constructor(settings: string) {
    for (const part of ["docs", ".gitignore"]) {
      cpSync(join(PROJECT, part), join(this.path, part), { recursive: true });
    }
    write(this.path, { "deployments/deckhouse.yaml": settings });
  }

  /** Runs a program that must succeed. @throws Error with its words if it does not */
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

  /** Whether a text is anywhere in the checkout, what git ignores included. */
  contains(text: string): boolean {
    return spawnSync("grep", ["--recursive", "--quiet", "--text", "--fixed-strings", text, "."], { cwd: this.path }).status === 0;
  }
}
