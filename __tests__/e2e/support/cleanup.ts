import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Task = () => unknown;

const tasks: Task[] = [];

/** Runs a task after all tests of the file, the latest one first. */
export function atEnd(task: Task): void {
  tasks.push(task);
}

export async function cleanUp(): Promise<void> {
  for (const task of tasks.splice(0).reverse()) {
    await task();
  }
}

/** Removed after the tests of the file. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "e2e-"));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
