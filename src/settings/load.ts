import { readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { visible } from "../text/printable";
import { DEFAULTS, type Defaults, readDefaults } from "./defaults";
import type { Deployment } from "./deployment";
import { errorAt, type FieldError, listed, SettingsError, show } from "./errors";
import { deploymentsOf, type Reading, readFileOf, readSettings } from "./read-settings";
import type { SettingsInput } from "./settings";
import { parseYaml, readYaml } from "./yaml-file";

/**
 * Reads every `*.yaml` of a folder, one deployment each, sorted by name, and completes it with
 * `defaults.yaml`, if there is one.
 * @param folder relative to the folder that the program runs in
 * @throws SettingsError with every error of every file; nothing is written before.
 */
export function loadDeployments(folder: string): readonly Deployment[] {
  return deploymentsOf(readFolder(folder));
}

/**
 * What is known of each settings file of a folder, valid or not.
 * @throws SettingsError if there are none
 */
export function readFolder(folder: string): readonly Reading[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    throw folderError(
      folder,
      "cannot be read as a folder; create it and add one YAML file per deployment",
    );
  }
  const files = names
    .filter((name) => /\.ya?ml$/i.test(name) && name !== `${DEFAULTS}.yaml`)
    .sort();
  if (files.length === 0) {
    const found = names.length === 0 ? "" : `, only ${listed(names.map(visible))}`;
    throw folderError(
      folder,
      `has no deployments${found}; write each one as <stack>.yaml in this folder itself`,
    );
  }
  const defaults = readDefaults(folder);
  return files.map((name) => readFile(join(folder, name), defaults));
}

function folderError(folder: string, message: string): SettingsError {
  return new SettingsError(new Map([[folder, [errorAt("", message)]]]));
}

/** The stack of a settings file. */
export function stackOf(file: string): string {
  return basename(file, extname(file));
}

function readFile(file: string, defaults: Defaults | undefined): Reading {
  const stack = stackOf(file);
  const nameErrors =
    extname(file) === ".yaml"
      ? stackNameErrors(stack, "rename the file")
      : [errorAt("", `has another extension than .yaml; rename it to ${stack}.yaml`)];
  const reading = readFileOf(file, stack, readYaml(file, parseYaml), defaults);
  return { ...reading, errors: [...nameErrors, ...reading.errors] };
}

/**
 * Deployments that are written in code instead of YAML files, by stack name: the same settings,
 * held to the same rules. All that are applied together belong into one call, which reports when
 * two have the same state or the same names.
 *
 * @throws SettingsError with every error of every deployment; TypeError for what is not plain
 * values
 */
export function defineDeployments<Stack extends string>(
  settings: Readonly<Record<Stack, SettingsInput>>,
): Readonly<Record<Stack, Deployment>> {
  const readings = Object.entries(settings).map(([stack, given]) => {
    // JSON gives settings from code the form of settings from a file.
    const value: unknown = JSON.parse(JSON.stringify(given) ?? "null");
    const reading = readSettings(`deployment ${JSON.stringify(stack)}`, stack, value);
    return { ...reading, errors: [...stackNameErrors(stack, "rename the key"), ...reading.errors] };
  });
  const byStack = deploymentsOf(readings).map((deployment) => [deployment.stack, deployment]);
  return Object.fromEntries(byStack);
}

/**
 * CDKTF, Terraform and every file system must accept a stack name unchanged.
 * @param remedy the end of the message
 */
export function stackNameErrors(stack: string, remedy: string): readonly FieldError[] {
  const isDefaults = stack === DEFAULTS;
  const rule = isDefaults
    ? `${DEFAULTS}.yaml has the settings that deployments share`
    : 'lower-case letters, digits and "-", first a letter, at most 63';
  return /^[a-z][a-z0-9-]{0,62}$/.test(stack) && !isDefaults
    ? []
    : [errorAt("", `${show(stack)} cannot be a stack name: ${rule}; ${remedy}`)];
}
