import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../../helpers/project-root";
import { folder, write } from "./project";
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
  readonly run?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Variables;
}

interface GitHubWorkflow {
  readonly env?: Variables;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly GitHubStep[] }>>;
}

/** How GitHub runs a command. */
export const BASH = ["--noprofile", "--norc", "-eo", "pipefail", "-c"] as const;

/** A checkout here has the packages already. */
const installs = (command: string) => command.includes("npm ci");

const read = (path: string) => parse(readFileSync(join(PROJECT, path), "utf8"));

/** GitLab expands earlier variables in the values of variables. */
function expanded(variables: Variables, known: Variables) {
  const result = { ...known };
  for (const [name, value] of Object.entries(variables)) {
    result[name] = value.toString().replace(/\$(\w+)/g, (_, other) => result[other] ?? "");
  }
  return result;
}

interface Step {
  readonly program: string;
  readonly args: readonly string[];
  readonly variables: Variables;
  readonly always: boolean;
}

export type Job = (checkout: string, name: string, environment: Variables) => readonly Step[];

/**
 * As a GitLab runner runs a job of `docs/pipelines/gitlab-ci.yml`: `before_script` and `script` in
 * one shell, `after_script` in another.
 */
export const gitLab: Job = (checkout, name, environment) => {
  const file = read("docs/pipelines/gitlab-ci.yml") as { readonly variables: Variables } & Readonly<
    Record<string, GitLabJob>
  >;
  const withBase = ({ extends: base, ...own }: GitLabJob): GitLabJob => {
    const inherited = base === undefined ? {} : withBase(file[base] ?? {});
    return { ...inherited, ...own, variables: { ...inherited.variables, ...own.variables } };
  };
  // The jobs of a deployment are templates of the jobs in the child pipeline.
  const {
    variables: own = {},
    before_script: before = [],
    script = [],
    after_script: after = [],
  } = withBase(file[`.${name}`] ?? file[name] ?? {});
  const variables = expanded(
    { ...file.variables, ...own },
    { ...environment, CI_PROJECT_DIR: checkout },
  );
  const commands = [...before, ...script].filter((command) => !installs(command));
  return [
    { program: "sh", args: ["-e", "-c", commands.join("\n")], variables, always: false },
    { program: "sh", args: ["-e", "-c", after.join("\n")], variables, always: true },
  ];
};

/**
 * The actions for artifacts. A job starts without the files of the one before it. A download
 * creates no folder for an artifact that alone matches. Source: `downloadPromises`,
 * https://github.com/actions/download-artifact/blob/v8.0.0/src/download-artifact.ts
 */
const ARTIFACTS: Readonly<Record<string, string>> = {
  "actions/upload-artifact": `mkdir -p artifacts.out && rm -rf "artifacts.out/$NAME" && mv "$FOLDER" "artifacts.out/$NAME"`,
  "actions/download-artifact": `rm -rf "$FOLDER" && mkdir "$FOLDER" && set -- artifacts.out/$PATTERN
    for artifact; do
      if [ $# = 1 ] || [ "$MERGE" = true ]; then cp -r "$artifact/." "$FOLDER"; else cp -r "$artifact" "$FOLDER"; fi
    done`,
};

/**
 * Each command of `docs/pipelines/github-actions.yml` in its own shell; of the actions, those for
 * reviews.
 */
export const gitHub: Job = (_, name, environment) => {
  const workflow = read("docs/pipelines/github-actions.yml") as GitHubWorkflow;
  const variables = { ...workflow.env, ...environment };
  return (workflow.jobs[name]?.steps ?? []).flatMap(
    ({ run, if: condition, uses = "", with: inputs = {} }) => {
      const {
        path: FOLDER = "",
        name: named = "",
        pattern: PATTERN = "",
        "merge-multiple": MERGE = "",
      } = inputs;
      const NAME = named.replace(/\$\{\{ matrix\.stack \}\}/, environment.STACK ?? "");
      const command =
        run ?? (FOLDER === "reviews.out" ? ARTIFACTS[uses.replace(/@.*/, "")] : undefined);
      return command === undefined || installs(command)
        ? []
        : [
            {
              program: "bash",
              args: [...BASH, command],
              variables: { ...variables, FOLDER, NAME, PATTERN, MERGE: String(MERGE) },
              always: condition === "always()",
            },
          ];
    },
  );
};

/** The commands of a pipeline file that install the packages. */
export function installation(file: string): string {
  const jobs = read(file) as {
    readonly jobs?: GitHubWorkflow["jobs"];
    readonly changed?: GitLabJob;
  };
  const commands = [
    ...(jobs.changed?.script ?? []),
    ...(jobs.jobs?.changed?.steps ?? []).map(({ run = "" }) => run),
  ];
  return commands.find(installs) ?? "";
}

/** After a failure, only the steps that always run. */
export function runSteps(checkout: string, steps: readonly Step[], failed = false): Finished {
  let status: number | null = failed ? 1 : 0;
  let output = "";
  for (const { program, args, variables, always } of steps) {
    if (status !== 0 && !always) {
      continue;
    }
    const step = spawnSync(program, args, {
      cwd: checkout,
      env: variables,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    output += `${step.stdout}${step.stderr}`;
    status = status === 0 ? step.status : status;
  }
  return { status, output };
}

export function startStep(checkout: string, { program, args, variables }: Step) {
  return spawn(program, args, { cwd: checkout, env: variables, stdio: ["ignore", "pipe", "pipe"] });
}

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

/** A git checkout of a repository of deployments, in which the package is installed. */
export class Checkout {
  readonly path = folder({
    "cdktf.json": "{}",
    ".gitignore": readFileSync(join(PROJECT, "templates/gitignore"), "utf8"),
  });

  /** @param deployments settings by stack */
  constructor(deployments: Readonly<Record<string, string>>) {
    mkdirSync(join(this.path, "node_modules/.bin"), { recursive: true });
    // A package has no sources, so that its command runs the bundle.
    const installed = join(this.path, "node_modules/dkp-access");
    cpSync(join(PROJECT, "bin"), join(installed, "bin"), { recursive: true });
    for (const part of ["dist", "package.json", "scripts"]) {
      symlinkSync(join(PROJECT, part), join(installed, part));
    }
    symlinkSync("../dkp-access/bin/dkp-access", join(this.path, "node_modules/.bin/dkp-access"));
    write(
      this.path,
      Object.fromEntries(
        Object.entries(deployments).map(([stack, settings]) => [
          `deployments/${stack}.yaml`,
          settings,
        ]),
      ),
    );
  }

  run(environment: Variables, program: string, ...args: string[]): string {
    return execFileSync(program, args, {
      cwd: this.path,
      env: environment,
      encoding: "utf8",
      stdio: "pipe",
    });
  }

  review(environment: Variables): void {
    this.run(environment, "node_modules/.bin/dkp-access", "review");
  }

  commit(): void {
    const git = (...args: string[]) =>
      this.run(
        { PATH: process.env.PATH ?? "" },
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        ...args,
      );
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message=x");
  }

  contains(text: string): boolean {
    return (
      spawnSync("grep", ["--recursive", "--quiet", "--text", "--fixed-strings", text, "."], {
        cwd: this.path,
      }).status === 0
    );
  }
}

/**
 * Creates the provider locks of all deployments with the commands that `pipeline.sh` prints when
 * they are missing, and commits them.
 * @throws Error if it prints none
 */
export function commitWithLocks(checkout: Checkout, environment: Variables): void {
  checkout.commit();
  const { output } = runSteps(checkout.path, [pipelineStep(environment, "changed")]);
  const [, commands] =
    /^pipeline.sh: provider locks are missing; create and commit them:\n(.*)$/ms.exec(output) ?? [];
  if (commands === undefined) {
    throw new Error(`no commands for the provider locks:\n${output}`);
  }
  const args = { TF_CLI_ARGS_providers_lock: `-fs-mirror=${process.env[SERVED_MIRROR]}` };
  checkout.run({ ...environment, ...args }, "sh", "-e", "-c", commands);
  checkout.commit();
}

export function pipelineStep(variables: Variables, ...args: readonly string[]): Step {
  return {
    program: "sh",
    args: ["node_modules/dkp-access/scripts/pipeline.sh", ...args],
    variables,
    always: false,
  };
}
