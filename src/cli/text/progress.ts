const PATIENCE_MS = 1000;

/** Receives one line about what the program waits for. */
export type Progress = (line: string) => void;

/** Waits for work. Reports what it waits for if that takes more than a second, and no longer once `signal` aborts. */
export async function withProgress<T>(what: string, work: Promise<T>, progress: Progress, signal?: AbortSignal): Promise<T> {
  const timer = setTimeout(() => progress(`${what} ...\n`), PATIENCE_MS);
  const stop = () => clearTimeout(timer);
  signal?.addEventListener("abort", stop);
  try {
    return await work;
  } finally {
    stop();
    signal?.removeEventListener("abort", stop);
  }
}
