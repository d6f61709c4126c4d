const PATIENCE_MS = 1000;

export type Progress = (line: string) => void;

/** Reports what it waits for if that takes more than a second. */
export async function withProgress<T>(
  what: string,
  work: Promise<T>,
  progress: Progress,
): Promise<T> {
  const timer = setTimeout(() => progress(`${what} ...\n`), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
