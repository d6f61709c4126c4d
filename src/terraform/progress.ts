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

/** Does work for all items, for at most `count` of them at a time. */
export async function someAtATime<Item>(
  count: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const next = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, next));
}

/** Waits for both results. When one fails, the other is aborted, so that nothing follows the error. */
export async function bothOrAbort<A, B>(
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<readonly [A, B]> {
  const abort = new AbortController();
  try {
    return await Promise.all([one(abort.signal), other(abort.signal)]);
  } catch (error) {
    abort.abort();
    throw error;
  }
}
