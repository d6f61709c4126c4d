import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;

/**
 * A shell adds the number of the signal to this for the exit code of a program that a signal ended.
 */
const SIGNALED = 128;

type Clean = () => unknown;

/** What is done before a signal ends the process, the latest first. */
const cleaning = new Set<Clean>();
let isEnding = false;

/**
 * Waits for work that could leave something behind. A signal meanwhile ends the process as its
 * parent expects, after `clean`, and the work does not continue. At all other times a signal ends
 * the process at once, also in the middle of a computation.
 * @param clean may be asynchronous
 */
export async function atSignal<T>(clean: Clean, work: () => Promise<T>): Promise<T> {
  const own = () => clean();
  if (cleaning.size === 0) {
    for (const signal of SIGNALS) {
      process.on(signal, end);
    }
  }
  cleaning.add(own);
  try {
    return await work();
  } finally {
    // If a signal and the end of a child arrive together, Node.js notices the end first.
    await setImmediate();
    if (isEnding) {
      await new Promise(() => undefined);
    }
    cleaning.delete(own);
    if (cleaning.size === 0) {
      stopListening();
    }
  }
}

async function end(signal: NodeJS.Signals): Promise<void> {
  if (!isEnding) {
    isEnding = true;
    for (const clean of [...cleaning].reverse()) {
      await Promise.resolve()
        .then(clean)
        .catch(() => undefined);
    }
    stopListening();
    process.kill(process.pid, signal);
    // The first process of a container survives its own signal.
    process.exit(SIGNALED + constants.signals[signal]);
  }
}

function stopListening(): void {
  for (const signal of SIGNALS) {
    process.off(signal, end);
  }
}

/**
 * Writes files. A signal ends the process afterwards, because it would leave a temporary file in
 * the middle of a write: Node.js notices signals between two callbacks.
 */
export function inOneStep<T>(write: () => T): Promise<T> {
  return atSignal(
    () => undefined,
    async () => write(),
  );
}

/** Ends a program that runs in a process group of its own, and what it has started. */
export function endGroup({
  pid,
  exitCode,
  signalCode,
}: Pick<ChildProcess, "pid" | "exitCode" | "signalCode">): void {
  if (pid !== undefined && exitCode === null && signalCode === null) {
    process.kill(-pid, "SIGKILL");
  }
}
