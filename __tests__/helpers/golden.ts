import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./project-root";

const pathOf = (name: string) => join(PROJECT, "__tests__/golden", name);

/** The text of a file in `__tests__/golden`. */
export const goldenText = (name: string): string => readFileSync(pathOf(name), "utf8");

/** Compares a text with a file in `__tests__/golden`, every byte of it. `npm run golden` writes the file. */
export function expectGolden(name: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === "1") {
    writeFileSync(pathOf(name), text);
  }
  expect(text).toBe(goldenText(name));
}
