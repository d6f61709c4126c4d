import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { Credentials, LocalAws } from "./local-aws";
import { closed, listening } from "./server";
import { type Finished, Terraform, terraformEnvironment } from "./terraform";

/** Faults that end Terraform, or leave it without the response to a call that AWS executed. */
export const LOSSES = [
  "killed before the response",
  "killed after the response",
  "response lost",
] as const;

/**
 * Faults from which Terraform recovers by itself, because AWS does not execute the call or responds
 * late.
 */
export const RETRIED = ["delayed", "dropped", "500", "503", "throttled"] as const;

export type Fault = (typeof LOSSES)[number] | (typeof RETRIED)[number] | "denied";

/** Status and code of the response of an AWS service that does not execute a call. */
const REJECTIONS: Readonly<Partial<Record<Fault, readonly [status: number, code: string]>>> = {
  denied: [403, "AccessDenied"],
  "500": [500, "InternalFailure"],
  "503": [503, "ServiceUnavailable"],
  throttled: [400, "Throttling"],
};
/** S3 throttles with its own code and status. */
const S3_THROTTLED = [503, "SlowDown"] as const;
const DELAY_MS = 1500;

/** The write calls of Terraform's S3 backend, which have no name of their own. */
const STATE_CALLS: readonly (readonly [name: string, method: string, path: RegExp])[] = [
  ["PutLock", "PUT", /\.tflock(\?|$)/],
  ["DeleteLock", "DELETE", /\.tflock(\?|$)/],
  ["PutState", "PUT", /\.tfstate(\?|$)/],
];

/** Undefined for a call that only reads. */
function writeName({ method, url = "" }: IncomingMessage, body: Buffer): string | undefined {
  const action = new URLSearchParams(body.toString()).get("Action");
  if (action !== null) {
    return /^(Get|List|Describe)/.test(action) ? undefined : action;
  }
  return STATE_CALLS.find(([, verb, path]) => verb === method && path.test(url))?.[0];
}

interface FaultOptions {
  /** By write call: `CreateUser`, or `CreateUser 2` for the second call of that name. */
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly kill?: () => void;
  /** Runs when a call meets its fault. */
  readonly met?: (call: string) => void;
  /** Runs before AWS executes a write call. */
  readonly arriving?: (call: string) => Promise<void>;
  /** Runs after each write call that AWS executed, and before its response. */
  readonly executed?: (call: string) => Promise<void>;
}

/**
 * For `FaultOptions.executed`: makes a call with a key after each write call, and keeps the write
 * calls after which it was denied.
 * @param isAllowed makes the call of the key, and returns whether it was allowed
 */
export function deniedCalls(isAllowed: () => Promise<boolean>) {
  const deniedAfter: string[] = [];
  const executed = async (call: string): Promise<void> => {
    if (!(await isAllowed())) {
      deniedAfter.push(call);
    }
  };
  return { executed, deniedAfter };
}

/**
 * Runs Terraform, and a call of a key after each write call that AWS executed, before its response.
 * @returns how Terraform ended, and the write calls after which the key was denied
 */
export async function monitor(
  aws: LocalAws,
  { folder, key }: { readonly folder: string; readonly key: Credentials },
  ...args: readonly string[]
): Promise<Finished & { readonly deniedAfter: readonly string[] }> {
  const { executed, deniedAfter } = deniedCalls(() => aws.accepts(key));
  const proxy = await FaultProxy.before(aws, { executed });
  const finished = await new Terraform(folder, proxy).start(...args);
  await proxy.stop();
  return { ...finished, deniedAfter };
}

interface Run extends Omit<FaultOptions, "kill" | "met"> {
  readonly folder: string;
  readonly command?: "apply" | "destroy" | undefined;
  /** The call at which a person presses Ctrl-C once. */
  readonly interruptedAt?: string | undefined;
}

/**
 * One run of Terraform, which the faults may kill, its provider too.
 * @returns the calls that met their fault
 */
export async function runWithFaults(
  aws: LocalAws,
  { folder, command = "apply", interruptedAt, ...options }: Run,
): Promise<readonly string[]> {
  const kill = () => process.kill(-(terraform.pid ?? 0), "SIGKILL");
  const met = (call: string) => call === interruptedAt && terraform.kill("SIGINT");
  const proxy = await FaultProxy.before(aws, { ...options, kill, met });
  const env = terraformEnvironment(proxy);
  // Its own process group, which includes the provider.
  const terraform = spawn("terraform", [command, "-auto-approve"], {
    cwd: folder,
    env,
    detached: true,
    stdio: "ignore",
  });
  await once(terraform, "exit");
  await proxy.stop();
  return proxy.faulted;
}

/** A proxy between Terraform and the local AWS in which chosen write calls fail in chosen ways. */
export class FaultProxy {
  private readonly server: Server;
  url = "";
  private readonly open = new Set<Promise<void>>();
  private readonly counts = new Map<string, number>();
  private ended = false;
  private killsNext = false;
  /** That AWS executed, in order. */
  readonly writes: string[] = [];
  readonly faulted: string[] = [];

  private constructor(
    private readonly aws: LocalAws,
    private readonly options: FaultOptions,
  ) {
    this.server = createServer((request, response) => {
      const handled = this.handle(request, response).catch(() => {
        request.socket.destroy();
      });
      this.open.add(handled);
      handled.finally(() => this.open.delete(handled));
    });
  }

  static async before(aws: LocalAws, options: FaultOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(aws, options);
    proxy.url = `http://${await listening(proxy.server)}`;
    return proxy;
  }

  environment(credentials?: Credentials): Record<string, string> {
    return { ...this.aws.environment(credentials), AWS_ENDPOINT_URL: this.url };
  }

  /** Waits for the end of all calls that AWS executes. */
  async stop(): Promise<void> {
    this.ended = true;
    await Promise.all(this.open);
    closed(this.server);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (this.killsNext) {
      this.kill();
    }
    const call = this.ended ? undefined : this.numbered(writeName(request, body));
    if (call !== undefined) {
      await this.options.arriving?.(call);
    }
    if (this.ended) {
      request.socket.destroy();
      return;
    }
    const fault = call === undefined ? undefined : this.options.faults?.[call];
    if (call !== undefined && fault !== undefined) {
      this.faulted.push(call);
      this.options.met?.(call);
    }
    if (fault === "delayed") {
      await setTimeout(DELAY_MS);
    }
    const rejection = rejectionOf(fault, call);
    if (fault === "dropped") {
      request.socket.destroy();
    } else if (rejection === undefined) {
      await this.execute(request, response, body, call, fault);
    } else {
      response.writeHead(rejection.status, { "Content-Type": "text/xml" }).end(rejection.body);
    }
  }

  private async execute(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    call: string | undefined,
    fault: Fault | undefined,
  ): Promise<void> {
    const { method, headers, url = "" } = request;
    const forwarded = httpRequest(`${this.aws.url}${url}`, { method, headers, agent: false });
    forwarded.end(body);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    const text = await buffer(answer);
    if (call !== undefined) {
      this.writes.push(call);
      await this.options.executed?.(call);
    }
    if (fault === "killed before the response") {
      this.kill();
    }
    if (fault === "response lost" || this.ended) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers).end(text);
    this.killsNext ||= fault === "killed after the response";
  }

  private kill(): void {
    this.killsNext = false;
    this.ended = true;
    this.options.kill?.();
  }

  private numbered(name: string | undefined): string | undefined {
    if (name === undefined) {
      return undefined;
    }
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  }
}

function rejectionOf(fault: Fault | undefined, call = "") {
  const rejection = fault && REJECTIONS[fault];
  if (rejection === undefined) {
    return undefined;
  }
  const isS3 = STATE_CALLS.some(([name]) => call.startsWith(name));
  const [status, code] = isS3 && fault === "throttled" ? S3_THROTTLED : rejection;
  const error = `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return {
    status,
    body: isS3 ? error : `<ErrorResponse>${error}<RequestId>0</RequestId></ErrorResponse>`,
  };
}
