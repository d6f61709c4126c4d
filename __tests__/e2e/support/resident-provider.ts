import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Resident {
  readonly process: ChildProcess;
  /** The value of `TF_REATTACH_PROVIDERS`. */
  readonly reattach: string;
}

const PROVIDERS = ".terraform/providers/registry.terraform.io/hashicorp/aws";
/** A provider that is not asked anything for a time gives memory back above this. */
const MEMORY = { GOMEMLIMIT: "512MiB" };
const STARTED_WITHIN_MS = 60_000;
const residents = new Map<string, Resident>();

/**
 * The environment with which Terraform in an initialized folder uses a provider process that already runs, and that serves all
 * runs of a test file with the same AWS and credentials. A run without the start of its own provider needs a third of the CPU time
 * (measured: 1.3 s, 3.8 s). Empty before `terraform init`.
 * Source: "Debugging Terraform Providers", `TF_REATTACH_PROVIDERS`, https://developer.hashicorp.com/terraform/plugin/debugging
 */
export function residentProvider(folder: string, environment: Readonly<Record<string, string>>): Record<string, string> {
  const program = programIn(join(folder, PROVIDERS));
  if (program === undefined) {
    return {};
  }
  const aws = Object.entries(environment).filter(([name]) => name.startsWith("AWS_"));
  const key = JSON.stringify([program, ...aws.sort()]);
  const resident = residents.get(key) ?? start(program, environment);
  residents.set(key, resident);
  return { TF_REATTACH_PROVIDERS: resident.reattach };
}

export function stopResidentProviders(): void {
  for (const { process } of residents.values()) {
    process.kill("SIGKILL");
  }
  residents.clear();
}

/** Starts a provider, and waits until it accepts connections: without an event loop, because tests run Terraform synchronously. */
function start(program: string, environment: Readonly<Record<string, string>>): Resident {
  const folder = mkdtempSync(join(tmpdir(), "e2e-provider-"));
  const file = join(folder, "output");
  const output = openSync(file, "w");
  const child = spawn(program, ["-debug"], { env: { ...environment, ...MEMORY }, stdio: ["ignore", output, "ignore"] });
  child.unref();
  closeSync(output);
  const end = Date.now() + STARTED_WITHIN_MS;
  for (;;) {
    const [, reattach] = /TF_REATTACH_PROVIDERS='(.*)'/.exec(readFileSync(file, "utf8")) ?? [];
    if (reattach !== undefined) {
      rmSync(folder, { recursive: true });
      return { process: child, reattach };
    }
    if (Date.now() > end) {
      throw new Error(`${program} -debug did not start:\n${readFileSync(file, "utf8")}`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

function programIn(root: string): string | undefined {
  if (!existsSync(root)) {
    return undefined;
  }
  const [version = ""] = readdirSync(root);
  const [platform = ""] = readdirSync(join(root, version));
  const folder = realpathSync(join(root, version, platform));
  const [program] = readdirSync(folder).filter((name) => name.startsWith("terraform-provider-aws"));
  return program && join(folder, program);
}
