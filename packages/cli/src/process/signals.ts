import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;

/** Added to the number of a signal for the exit code of a program that it ended. */
const SIGNALED = 128;

type Clean = () => unknown;

/** Done before a signal ends the process, the latest first. */
const cleaning = new Set<Clean>();
let isEnding = false;

/**
 * Waits for work that could leave something behind. A signal meanwhile ends the process as its
 * parent expects, after `clean`, and the work does not continue. At other times a signal ends it at
 * once, also in a computation.
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

/** A signal ends the process only afterwards: Node.js notices signals between two callbacks. */
export function inOneStep<T>(write: () => T): Promise<T> {
  return atSignal(
    () => undefined,
    async () => write(),
  );
}

/** A program in a process group of its own, and what it has started. */
export function endGroup({
  pid,
  exitCode,
  signalCode,
}: Pick<ChildProcess, "pid" | "exitCode" | "signalCode">): void {
  if (pid !== undefined && exitCode === null && signalCode === null) {
    process.kill(-pid, "SIGKILL");
  }
}
