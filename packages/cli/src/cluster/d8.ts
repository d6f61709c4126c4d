import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { suggest } from "../../../../src/settings/errors";
import { withoutPackagePrograms } from "../process/environment";
import { type Progress, withProgress } from "../process/progress";
import { atSignal, endGroup } from "../process/signals";
import { ClusterError, failureOf } from "./failures";

/** A cluster of the kubeconfig, and how DKP's command `d8` reaches it. */
export interface ClusterAccess {
  /** `d8`, or what `D8_BINARY_NAME` names. */
  readonly binary: string;
  /**
   * Without the programs of packages, and without `DECKHOUSE_PLUGINS_ENABLED`: `d8 system` would be
   * a program from the cluster's registry.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of each call, in seconds. */
  readonly limit: number;
  readonly progress: Progress;
  readonly context: string;
}

/**
 * The cluster of a context, or of the only one.
 * @throws Error if the kubeconfig does not have the context, or has several and none is named
 */
export async function clusterAccess(
  { D8_BINARY_NAME, DECKHOUSE_PLUGINS_ENABLED: _, ...env }: ClusterAccess["env"],
  rest: Pick<ClusterAccess, "limit" | "progress">,
  named: string | undefined,
): Promise<ClusterAccess> {
  const command = { binary: D8_BINARY_NAME || "d8", env: withoutPackagePrograms(env), ...rest };
  const output = await d8(command, ["k", "config", "get-contexts", "--output=name"]);
  const contexts = output
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  const [only, ...others] = contexts;
  if (only === undefined) {
    throw new Error(
      "--cluster: the kubeconfig has no context; set KUBECONFIG to a file that has the cluster",
    );
  }
  if (named === undefined && others.length > 0) {
    throw new Error(
      `--context: the kubeconfig has several contexts; name one: ${contexts.join(", ")}`,
    );
  }
  if (named !== undefined && !contexts.includes(named)) {
    throw new Error(
      "--context: the kubeconfig has no context " +
        `${JSON.stringify(named)}, ${suggest(named, contexts)}`,
    );
  }
  return { ...command, context: named ?? only };
}

/**
 * Runs `d8`.
 * @param command for a cluster, if it has a context
 * @param input for its standard input, through a pipe, because it reads `/dev/stdin`, and Node.js
 * gives a child a socket
 * @returns its standard output
 * @throws ClusterError. Never with what `d8` printed: it can repeat a document that has a secret
 */
export async function d8(
  command: Command,
  args: readonly string[],
  input?: string,
): Promise<Buffer> {
  const { status, stdout, failure } = await run(command, args, input);
  if (status !== 0) {
    throw failure;
  }
  return stdout;
}

/**
 * The address of the API server, as the kubeconfig has it: nothing is called.
 * @throws ClusterError
 */
export async function serverOf(access: ClusterAccess): Promise<string> {
  const path = "--output=jsonpath={.clusters[0].cluster.server}";
  const output = await d8(access, ["k", "config", "view", "--minify", path]);
  return output.toString("utf8").trim();
}

/**
 * Whether the user of the kubeconfig may do something. `kubectl auth can-i` prints "no", and ends
 * with 1. Source: k8s.io/kubectl v0.34.4 pkg/cmd/auth.
 * @throws ClusterError if the cluster does not answer that
 */
export async function canI(access: ClusterAccess, request: readonly string[]): Promise<boolean> {
  const { stdout, failure } = await run(access, ["k", "auth", "can-i", ...request]);
  const answer = stdout.toString("utf8");
  if (!/^(yes|no)\b/.test(answer)) {
    throw failure;
  }
  return answer.startsWith("yes");
}

type Command = Omit<ClusterAccess, "context"> & Partial<Pick<ClusterAccess, "context">>;

async function run(
  { binary, env, limit, progress, context }: Command,
  request: readonly string[],
  input?: string,
) {
  const args = context === undefined ? request : [...request, `--context=${context}`];
  const [program, given]: readonly [string, readonly string[]] =
    input === undefined ? [binary, args] : ["sh", ["-c", 'cat | exec "$@"', "sh", binary, ...args]];
  // In a group of its own, so that the time limit and a signal also end what it has started.
  const child = spawn(program, given, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined).end(input);
  const closed = once(child, "close") as Promise<[status: number | null]>;
  const ended = Promise.all([buffer(child.stdout), text(child.stderr), closed]);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limit * 1000);
  const inTime = once(late.signal, "abort").then(() => Promise.reject(tooLate(limit)));
  try {
    const waiting = withProgress(`waiting for ${binary}`, Promise.race([ended, inTime]), progress);
    const [stdout, stderr, [status]] = await atSignal(
      () => endGroup(child),
      () => waiting,
    );
    // The status is null after a signal.
    return { status, stdout, failure: failureOf(stderr, [binary, ...args]) };
  } catch (error) {
    endGroup(child);
    throw startError(binary, error);
  } finally {
    clearTimeout(timer);
  }
}

const tooLate = (limit: number) =>
  new ClusterError(
    "other",
    `the cluster does not answer within ${limit} s; check the network, the VPN and the kubeconfig`,
  );

function startError(binary: string, error: unknown): unknown {
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (syscall === undefined) {
    return error;
  }
  const reason = code === "ENOENT" ? "is not on the PATH" : `cannot be run (${code})`;
  return new ClusterError(
    "other",
    `${binary} ${reason}; install d8, the command of DKP, or set D8_BINARY_NAME`,
  );
}
