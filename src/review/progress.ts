import { printable } from "../printable";

const PATIENCE_MS = 1000;

/** Waits for work, and tells on standard error what it waits for if that takes more than a second. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(printable(`${what} ...\n`)), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
