import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Credentials } from "./local-aws";
import { residentProvider } from "./resident-provider";

export interface Finished {
  readonly status: number | null;
  /** Standard output and standard error, interleaved. */
  readonly output: string;
}

/** An AWS that Terraform can call. */
export interface AnyAws {
  environment(credentials?: Credentials): Record<string, string>;
}

/** Folder of a filesystem mirror with the AWS provider; without it, Terraform downloads the provider from its registry. */
const MIRROR = process.env.E2E_PROVIDER_MIRROR;

/**
 * Each run of Terraform with the AWS provider lasts seconds and needs at most 0.7 GB. Without garbage collection it needs a fifth less CPU time
 * (measured: 3.1 s, 2.5 s). Above the limit, Go collects garbage again.
 */
const NO_GARBAGE_COLLECTION = { GOGC: "off", GOMEMLIMIT: "1GiB" };

const homes: string[] = [];

/** Removes the home folders of all environments, when no program uses one any more. */
export function removeHomes(): void {
  for (const home of homes.splice(0)) {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Environment of Terraform and of the CDKTF command on the local AWS: without the user's own Terraform or AWS configuration. */
export function terraformEnvironment(aws?: AnyAws, credentials?: Credentials): Record<string, string> {
  const home = mkdtempSync(join(tmpdir(), "e2e-home-"));
  homes.push(home);
  const configuration = join(home, "terraformrc");
  writeFileSync(
    configuration,
    MIRROR === undefined
      ? ""
      : `provider_installation {\n  filesystem_mirror {\n    path = "${withTofuRegistry(MIRROR, home)}"\n  }\n}\n`,
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

/**
 * A mirror in which OpenTofu finds its providers too: the same files under the name of its registry.
 * OpenTofu follows a symbolic link to the folder of the platform, but not to a folder above it.
 */
function withTofuRegistry(mirror: string, home: string): string {
  const own = join(home, "mirror");
  const providers = "registry.terraform.io/hashicorp/aws";
  for (const version of readdirSync(join(mirror, providers)).filter((name) => /^\d/.test(name))) {
    for (const platform of readdirSync(join(mirror, providers, version))) {
      for (const registry of ["registry.terraform.io", "registry.opentofu.org"]) {
        const folder = join(own, registry, "hashicorp/aws", version);
        mkdirSync(folder, { recursive: true });
        symlinkSync(join(mirror, providers, version, platform), join(folder, platform));
      }
    }
  }
  return own;
}

/** Runs a program and waits for its end. */
export function runIn(folder: string, environment: Record<string, string>, program: string, ...args: string[]): Finished {
  const result = spawnSync(program, args, { cwd: folder, env: environment, encoding: "utf8", maxBuffer: 2 ** 26 });
  return { status: result.status, output: outputOf(result) };
}

/** Starts a program and does not wait for its end. */
export async function startIn(
  folder: string,
  environment: Record<string, string>,
  program: string,
  ...args: string[]
): Promise<Finished> {
  const child = spawn(program, args, { cwd: folder, env: environment });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [status] = (await once(child, "close")) as [number];
  return { status, output };
}

/** The standard output of a program, parsed as JSON. @throws Error with both outputs if it is not JSON */
export function jsonOf(folder: string, environment: Record<string, string>, program: string, ...args: string[]): unknown {
  const { stdout, stderr } = spawnSync(program, args, { cwd: folder, env: environment, encoding: "utf8", maxBuffer: 2 ** 26 });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`${program} ${args.join(" ")} printed no JSON:\n${stdout}${stderr}`);
  }
}

function outputOf({ stdout, stderr, error }: SpawnSyncReturns<string>): string {
  return error === undefined ? `${stdout}${stderr}` : error.message;
}

/** The Terraform whose runs share a provider process. Each run of another one starts its own, as users' runs do. */
const SHARING = "terraform";
const CALLS_PROVIDER = ["apply", "destroy", "import", "plan", "refresh", "show", "validate"];

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

  /** Runs a Terraform command and returns exit status and output, also if it fails. */
  attempt(...args: string[]): Finished {
    return runIn(this.folder, this.environmentOf(args), this.program, ...args, "-no-color");
  }

  /** Starts a Terraform command and does not wait for it. */
  start(...args: string[]): Promise<Finished> {
    return startIn(this.folder, this.environmentOf(args), this.program, ...args, "-no-color");
  }

  private environmentOf([command = ""]: readonly string[]): Record<string, string> {
    const isShared = this.program === SHARING && CALLS_PROVIDER.includes(command);
    return { ...this.environment, ...(isShared && residentProvider(this.folder, this.environment)) };
  }

  /** Runs a Terraform command. @throws Error with Terraform's output if it fails */
  run(...args: string[]): string {
    const { status, output } = this.attempt(...args);
    if (status !== 0) {
      throw new Error(`terraform ${args.join(" ")} ended with ${status}:\n${output}`);
    }
    return output;
  }

  init(...args: string[]): string {
    return this.run("init", ...args);
  }

  apply(...args: string[]): string {
    return this.run("apply", "-auto-approve", ...args);
  }

  /** Whether a plan has no changes. @throws Error with Terraform's output if the plan fails */
  isUpToDate(...args: string[]): boolean {
    const { status, output } = this.attempt("plan", "-detailed-exitcode", ...args);
    if (status === 1) {
      throw new Error(output);
    }
    return status === 0;
  }

  /** The actions of a plan by address, without unchanged resources. */
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

  /** All outputs, sensitive ones included. */
  outputs(): Readonly<Record<string, string>> {
    const outputs = JSON.parse(this.run("output", "-json")) as Readonly<Record<string, { readonly value: string }>>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** The current key, with its secret in plaintext. */
  key(): Credentials {
    const { access_key_id = "", secret_access_key = "" } = this.outputs();
    return { accessKeyId: access_key_id, secretAccessKey: secret_access_key };
  }

  outputNames(): readonly string[] {
    return Object.keys(this.outputs()).sort();
  }

  /** The state as Terraform stores it. */
  state(): string {
    return this.run("state", "pull");
  }
}

interface Plan {
  readonly resource_changes?: readonly { readonly address: string; readonly change: { readonly actions: readonly string[] } }[];
}
