import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Task = () => unknown;

const tasks: Task[] = [];

/** Has something done when all tests of the file have ended: what was started last ends first. */
export function atEnd(task: Task): void {
  tasks.push(task);
}

/** Does what is left to do at the end. */
export async function cleanUp(): Promise<void> {
  for (const task of tasks.splice(0).reverse()) {
    await task();
  }
}

/** A new empty folder, which is removed at the end. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "e2e-"));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
