import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

/**
 * Starts a program that serves all tests, and that ends with this process, when its standard input
 * ends.
 * @returns the first line that it prints; undefined if it ended without one
 */
export async function startInBackground(
  program: string,
  ...args: readonly string[]
): Promise<string | undefined> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(() => []),
  ])) as [string?];
  for (const handle of [child, child.stdin as Socket, child.stdout as Socket]) {
    handle.unref();
  }
  return line;
}
