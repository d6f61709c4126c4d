import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selectDeployments } from "../../packages/cli/src/commands/support/deployments";
import type { Deployment } from "../../src/settings/deployment";
import { inFolder } from "./folder";
import { PROJECT, projectFile } from "./project-root";

const FOLDER = "__tests__/golden";
const DEPLOYMENTS = `${FOLDER}/deployments`;
/** By stack. */
export const GOLDEN_SETTINGS: ReadonlyMap<string, string> = new Map(
  readdirSync(join(PROJECT, DEPLOYMENTS)).map((file) => [
    file.replace(".yaml", ""),
    projectFile(`${DEPLOYMENTS}/${file}`),
  ]),
);

/** By their names: the default names of a deployment without an account may be those of another. */
export const goldenDeployments = (): readonly Deployment[] =>
  // Paths in settings are relative to the folder that the program runs in.
  inFolder(
    PROJECT,
    () =>
      selectDeployments({ settings: DEPLOYMENTS, printError: () => undefined }, [
        ...GOLDEN_SETTINGS.keys(),
      ]).deployments,
  );

/** The text of a file in `__tests__/golden`. */
export const goldenText = (name: string): string => projectFile(`${FOLDER}/${name}`);

/** Compares every byte. `npm run golden` writes the file. */
export function expectGolden(name: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === "1") {
    writeFileSync(join(PROJECT, FOLDER, name), text);
  }
  expect(text).toBe(goldenText(name));
}
