import { readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import * as v from "valibot";
import { visible } from "../render/printable";
import { type Deployment, toDeployment } from "./deployment";
import { type FieldError, firstErrors, SettingsError } from "./errors";
import { configFileConflicts, readConfigFile } from "./installation-file";
import { isObject } from "./is-object";
import { show, suggest } from "./messages";
import { OUTPUT_FOLDER } from "./paths";
import { type Candidate, conflicts } from "./rules/across-deployments";
import { ruleErrors } from "./rules/all-rules";
import {
  characterErrors,
  reservedKeyErrors,
  secretErrors,
  showSegment,
  sizeErrors,
  templateErrors,
} from "./rules/forbidden-text";
import type { RuleContext } from "./rules/rule";
import { deploymentSchema, type Settings } from "./schema/deployment-schema";
import { issueErrors } from "./schema/validation-issues";
import { readTextFile } from "./text-file";
import { parseYaml, type YamlFile } from "./yaml-file";

/** A stack name that CDKTF, Terraform and every file system take as it is. */
const STACK_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** No file can have one of these names on Windows, whatever its ending. Source: Microsoft, "Naming files, paths, and namespaces". */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/**
 * Reads every `*.yaml` of a folder, one deployment each, sorted by name.
 * @param folder relative to the folder that the program runs in
 * @param context with CDKTF's output folder, `cdktf.out` by default
 * @throws SettingsError with every error of every file; nothing is written before.
 */
export function loadDeployments(folder: string, context: RuleContext = { outputFolder: OUTPUT_FOLDER }): readonly Deployment[] {
  return deploymentsOf(settingsFiles(folder).map((file) => readFile(file, { ...context, settingsFolder: folder })));
}

/** The deployments that were read. @throws SettingsError with every error of every one, by itself and beside the others */
export function deploymentsOf(readings: readonly Reading[]): readonly Deployment[] {
  const invalid = errorsOf(readings);
  if (invalid.size > 0) {
    throw new SettingsError(invalid);
  }
  return readings.flatMap(({ candidate }) => (candidate === undefined ? [] : toDeployment(candidate.stack, candidate.settings)));
}

/** The errors of each deployment that has some, by itself and beside the others. */
function errorsOf(readings: readonly Reading[]): ReadonlyMap<string, readonly FieldError[]> {
  const conflicting = conflicts(readings.flatMap(({ candidate }) => candidate ?? []));
  const errors = readings.map(({ source, errors, yaml }) => {
    const beside = (conflicting.get(source) ?? []).map((error) => located(error, yaml));
    return [source, [...errors, ...beside]] as const;
  });
  return new Map(errors.filter(([, list]) => list.length > 0));
}

/** The deployment of one stack, valid by itself, whatever the others are like. */
export interface Selection {
  readonly deployment: Deployment;
  /** The stacks of all settings files, valid or not. */
  readonly stacks: readonly string[];
  /** What is wrong with the other deployments, and with several beside each other; undefined if nothing is. */
  readonly others: SettingsError | undefined;
}

/**
 * Selects one deployment of a folder: the only one, when no stack is named.
 * @param change what to take instead of its own `policy`; the other deployments keep theirs
 * @throws SettingsError with the errors of this deployment; Error if there is no such deployment
 */
export function selectDeployment(
  folder: string,
  stack: string | undefined,
  context: Omit<RuleContext, "policy" | "settingsFolder">,
  change: Partial<Settings["policy"]> = {},
): Selection {
  const files = settingsFiles(folder).map((file) => ({ file, name: basename(file, extname(file)) }));
  const stacks = [...new Set(files.map(({ name }) => name))];
  const name = stack ?? (stacks.length === 1 ? stacks[0] : undefined);
  if (name === undefined || !stacks.includes(name)) {
    throw new Error(
      stack === undefined
        ? `name a stack: ${stacks.map(visible).join(", ")}`
        : `no deployment ${show(stack)} in ${folder}, ${suggest(stack, stacks)}`,
    );
  }
  const readings = files.map((given) =>
    readFile(given.file, { ...context, settingsFolder: folder, ...(given.name === name ? { policy: change } : {}) }),
  );
  const own = readings.filter((_, index) => files[index]?.name === name);
  const invalid = own.filter(({ errors }) => errors.length > 0);
  const candidate = own[0]?.candidate;
  if (invalid.length > 0 || candidate === undefined) {
    throw new SettingsError(new Map(invalid.map(({ source, errors }) => [source, errors])));
  }
  const errors = errorsOf(readings);
  return {
    deployment: toDeployment(name, candidate.settings),
    stacks,
    others: errors.size === 0 ? undefined : new SettingsError(errors),
  };
}

function settingsFiles(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    throw folderError(folder, "can't be read as a folder; create it and add one YAML file per deployment");
  }
  const files = names.filter((name) => /\.ya?ml$/i.test(name)).sort();
  if (files.length === 0) {
    throw folderError(folder, "has no deployments; write one as <stack>.yaml, the README shows a first file");
  }
  return files.map((name) => join(folder, name));
}

function folderError(folder: string, message: string): SettingsError {
  return new SettingsError(new Map([[folder, [{ path: [], message }]]]));
}

/** One deployment's settings, as far as they could be read. */
export interface Reading {
  /** What messages call it: its file. */
  readonly source: string;
  readonly errors: readonly FieldError[];
  readonly candidate?: Candidate;
  /** Where in the file its fields stand; absent for settings that are in no file. */
  readonly yaml?: YamlFile | undefined;
}

function readFile(file: string, context: RuleContext): Reading {
  const stack = basename(file, extname(file));
  const nameErrors = fileNameErrors(file);
  const read = readTextFile(file);
  if (!("text" in read)) {
    const message =
      "rule" in read ? read.rule : `can't be read as a file (${read.code}); settings files lie directly in the folder`;
    return { source: file, errors: [...nameErrors, { path: [], message }] };
  }
  const parsed = parseYaml(read.text);
  if ("errors" in parsed) {
    return { source: file, errors: [...nameErrors, ...parsed.errors] };
  }
  const reading = readSettings({ source: file, stack, value: parsed.file.value, yaml: parsed.file, context });
  return { ...reading, errors: [...nameErrors, ...reading.errors] };
}

/** Checks the settings of one deployment by themselves. */
export function readSettings(given: {
  readonly source: string;
  readonly stack: string;
  readonly value: unknown;
  readonly context: RuleContext;
  readonly yaml?: YamlFile;
}): Reading {
  const { source, stack, value, context, yaml } = given;
  const tooLong = sizeErrors(value);
  if (tooLong.length > 0) {
    return { source, errors: tooLong.map((error) => located(error, yaml)), yaml };
  }
  const { settings, errors } = withConfigFile(check(withPolicy(value, context.policy)));
  const isInvalid = (path: readonly string[]) => errors.some((error) => overlap(error.path, path));
  const rules = ruleErrors(settings, context, isInvalid);
  return {
    source,
    errors: [...errors, ...rules].map((error) => located(error, yaml)),
    candidate: { stack, file: source, settings, isInvalid },
    yaml,
  };
}

function fileNameErrors(file: string): readonly FieldError[] {
  const stack = basename(file, extname(file));
  if (extname(file) !== ".yaml") {
    return [{ path: [], message: `has another ending than .yaml; rename it to ${stack}.yaml` }];
  }
  return stackNameErrors(stack, "rename the file");
}

/** @param remedy what to do; it ends the message */
export function stackNameErrors(stack: string, remedy: string): readonly FieldError[] {
  const rule = stackNameRule(stack);
  return rule === undefined ? [] : [{ path: [], message: `${show(stack)} can't be a stack name: ${rule}; ${remedy}` }];
}

function stackNameRule(stack: string): string | undefined {
  if (!STACK_NAME.test(stack)) {
    return 'lower-case letters, digits and "-", first a letter, at most 63';
  }
  if (WINDOWS_DEVICE.test(stack)) {
    return "Windows has a device of that name, and no file";
  }
  // Constructs keep their children in a plain object.
  return stack in {} ? "CDKTF takes it for a part of its own" : undefined;
}

/** The settings with a part of `policy` exchanged. */
function withPolicy(value: unknown, change: RuleContext["policy"]): unknown {
  return isObject(value) && change !== undefined
    ? { ...value, policy: { ...(isObject(value.policy) ? value.policy : {}), ...change } }
    : value;
}

/** Fills in what DKP's own installation file says, where one is named. */
function withConfigFile({ settings, errors }: Checked): Checked {
  const path = settings.cluster?.configFile;
  if (path === undefined || errors.some((error) => overlap(error.path, ["cluster"]))) {
    return { settings, errors };
  }
  const result = readConfigFile(path);
  if ("errors" in result) {
    return { settings, errors: [...errors, ...result.errors] };
  }
  const { fields, region } = result.config;
  return {
    settings: { ...settings, cluster: { ...settings.cluster, ...fields } },
    errors: [
      ...errors,
      ...configFileConflicts(settings, fields, errors.some(({ path }) => overlap(path, ["region"])) ? undefined : region),
    ],
  };
}

interface Checked {
  readonly settings: Settings;
  readonly errors: readonly FieldError[];
}

/** Everything wrong with the value of one file by itself, each field once. */
function check(value: unknown): Checked {
  if (!isObject(value)) {
    return {
      settings: {} as Settings,
      // Not the value: the file may be a link to another one.
      errors: [{ path: [], message: `holds ${kindOf(value)} and not an object; write KEY: VALUE lines` }],
    };
  }
  const result = v.safeParse(deploymentSchema, value);
  const all = [
    ...templateErrors(value),
    ...reservedKeyErrors(value),
    ...secretErrors(value),
    ...(result.issues ?? []).flatMap((issue) => issueErrors(issue)),
  ];
  return { settings: result.output as Settings, errors: firstErrors(all, characterErrors(value)) };
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Whether one path is the other or lies inside it, either way round. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).every((segment, index) => segment === other[index]);
}

function located(error: FieldError, yaml: YamlFile | undefined): FieldError {
  return { ...error, line: yaml?.lineOf(error.path), path: error.path.map(showSegment) };
}
