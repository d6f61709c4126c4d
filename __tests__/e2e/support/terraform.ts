import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { PROJECT } from "../../helpers/project-root";
import { temporaryFolder } from "./cleanup";
import type { Credentials } from "./local-aws";
import { SERVED_MIRROR } from "./served-mirror";

/**
 * The program as the package has it, which `prerequisites.ts` bundles: half of the CPU time of
 * `bin/dkp-access` (measured: 0.36 s, 0.68 s), which runs the output of `npm run build`.
 */
export const PROGRAM = join(PROJECT, "dist/program.js");

/** Its command, to which arguments are added. */
export const DKP_ACCESS: readonly [program: string, path: string] = [process.execPath, PROGRAM];

/** For buckets of the local AWS, whose names are no host names. */
export const PATH_STYLE = "-backend-config=use_path_style=true";

export interface Finished {
  readonly status: number | null;
  readonly output: string;
}

/** For `toEqual`: how a program ended that printed this, among others. */
export const ended = (
  status: number,
  part: string,
): { readonly status: number; readonly output: unknown } => ({
  status,
  output: expect.stringContaining(part),
});

export interface AnyAws {
  environment(credentials?: Credentials): Record<string, string>;
}

/**
 * Folder of a filesystem mirror with the AWS provider; without it, Terraform downloads the provider
 * from its registry.
 */
const MIRROR = process.env.E2E_PROVIDER_MIRROR;

/**
 * Each run of Terraform with the AWS provider lasts seconds and needs at most 0.7 GB. Without
 * garbage collection it needs a fifth less CPU time (measured: 3.1 s, 2.5 s). Above the limit, Go
 * collects garbage again.
 */
const NO_GARBAGE_COLLECTION = { GOGC: "off", GOMEMLIMIT: "1GiB" };

/**
 * For Terraform and the CDKTF command on the local AWS: without the user's own Terraform or AWS
 * configuration. Terraform calls a provider that already runs.
 */
export function terraformEnvironment(
  aws?: AnyAws,
  credentials?: Credentials,
): Record<string, string> {
  return {
    ...environment(process.env[SERVED_MIRROR], aws, credentials),
    TF_DISABLE_PLUGIN_TLS: "1",
  };
}

/** Each run of Terraform starts its own provider, as a user's run does. */
export function ownProviderEnvironment(
  aws?: AnyAws,
  credentials?: Credentials,
): Record<string, string> {
  return environment(MIRROR, aws, credentials);
}

function environment(mirror: string | undefined, aws?: AnyAws, credentials?: Credentials) {
  const home = temporaryFolder();
  const configuration = join(home, "terraformrc");
  writeFileSync(
    configuration,
    mirror === undefined
      ? ""
      : `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
  );
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    TF_CLI_CONFIG_FILE: configuration,
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    ...NO_GARBAGE_COLLECTION,
    ...aws?.environment(credentials),
  };
}

/** Runs a program to its end. */
export function runIn(
  folder: string,
  environment: NodeJS.ProcessEnv,
  program: string,
  ...args: string[]
): Finished {
  const result = spawnSync(program, args, {
    cwd: folder,
    env: environment,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return {
    status: result.status,
    output: result.error?.message ?? `${result.stdout}${result.stderr}`,
  };
}

/** Does something in this process with other variables, which the AWS SDK reads. */
export async function withVariables<T>(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = process.env;
  process.env = { ...variables };
  try {
    return await work();
  } finally {
    process.env = before;
  }
}

export function atTerminal(
  answer: string,
  folder: string,
  environment: NodeJS.ProcessEnv,
  ...args: string[]
): Finished {
  const program = [...DKP_ACCESS, ...args].map((word) => `"${word}"`).join(" ");
  const python =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['sh', '-c', sys.argv[1]])))";
  return runIn(
    folder,
    environment,
    "sh",
    "-c",
    `echo ${answer} | python3 -c "$0" "$1"`,
    python,
    program,
  );
}

/**
 * The output of a program.
 * @throws Error with the output if the program failed
 */
export function mustSucceed({ status, output }: Finished): string {
  if (status !== 0) {
    throw new Error(`it ended with ${status}:\n${output}`);
  }
  return output;
}

export const startIn = (
  folder: string,
  environment: NodeJS.ProcessEnv,
  program: string,
  ...args: string[]
): Promise<Finished> => outputOf(spawn(program, args, { cwd: folder, env: environment }));

export async function outputOf(
  child: ChildProcess & Record<"stdout" | "stderr", Readable>,
): Promise<Finished> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [status] = (await once(child, "close")) as [number | null];
  return { status, output };
}

/**
 * Standard output, parsed as JSON.
 * @throws Error with both outputs if standard output is not JSON
 */
export function jsonOf(
  folder: string,
  environment: NodeJS.ProcessEnv,
  program: string,
  ...args: string[]
): unknown {
  const { stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env: environment,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`${program} ${args.join(" ")} printed no JSON:\n${stdout}${stderr}`);
  }
}

/** A folder with Terraform configuration, applied against the local AWS. */
export class Terraform {
  private readonly environment: Record<string, string>;

  constructor(
    readonly folder: string,
    aws: AnyAws,
    private readonly program = "terraform",
    credentials?: Credentials,
  ) {
    this.environment = terraformEnvironment(aws, credentials);
  }

  attempt(...args: string[]): Finished {
    return runIn(this.folder, this.environment, this.program, ...args, "-no-color");
  }

  start(...args: string[]): Promise<Finished> {
    return startIn(this.folder, this.environment, this.program, ...args, "-no-color");
  }

  /** @throws Error with Terraform's output if it fails */
  run(...args: string[]): string {
    return mustSucceed(this.attempt(...args));
  }

  init(...args: string[]): string {
    return this.run("init", ...args);
  }

  apply(...args: string[]): string {
    return this.run("apply", "-auto-approve", ...args);
  }

  /** @throws Error with Terraform's output if the plan fails */
  isUpToDate(...args: string[]): boolean {
    const { status, output } = this.attempt("plan", "-detailed-exitcode", ...args);
    if (status === 1) {
      throw new Error(output);
    }
    return status === 0;
  }

  plannedActions(...args: string[]): Readonly<Record<string, string>> {
    this.run("plan", "-out=plan", ...args);
    const plan = JSON.parse(this.run("show", "-json", "plan")) as Plan;
    const changes = plan.resource_changes ?? [];
    return Object.fromEntries(
      changes
        .filter(({ change }) => change.actions[0] !== "no-op")
        .map(({ address, change }) => [address, change.actions.join(", then ")]),
    );
  }

  output(name: string): string {
    return this.run("output", "-raw", name);
  }

  /** Sensitive ones included. */
  outputs(): Readonly<Record<string, string>> {
    const outputs = JSON.parse(this.run("output", "-json")) as Readonly<
      Record<string, { readonly value: string }>
    >;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** The current key, with its secret in plaintext. */
  key(): Credentials {
    const { access_key_id = "", secret_access_key = "" } = this.outputs();
    return { accessKeyId: access_key_id, secretAccessKey: secret_access_key };
  }

  state(): string {
    return this.run("state", "pull");
  }

  keysInState(): readonly StateResource[] {
    const { resources } = JSON.parse(this.state()) as {
      readonly resources: readonly StateResource[];
    };
    return resources.filter(({ type }) => type === "aws_iam_access_key");
  }
}

interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly instances: readonly [{ readonly attributes: Readonly<Record<string, string>> }];
}

interface Plan {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
}
