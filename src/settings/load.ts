import { readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import * as v from "valibot";
import { visible } from "../render/printable";
import { type Deployment, toDeployment } from "./deployment";
import { firstProblems, type Problem, SettingsError } from "./errors";
import { configFileConflicts, readConfigFile } from "./installation-file";
import { show, suggest } from "./messages";
import { OUTPUT_FOLDER } from "./paths";
import { type Candidate, conflicts } from "./rules/across-deployments";
import { ruleProblems } from "./rules/all-rules";
import {
  characterProblems,
  reservedKeyProblems,
  secretProblems,
  showSegment,
  sizeProblems,
  templateProblems,
} from "./rules/forbidden-text";
import type { Surroundings } from "./rules/rule";
import { isObject } from "./schema/backend-schema";
import { deploymentSchema, type Settings } from "./schema/deployment-schema";
import { issueProblems } from "./schema/validation-issues";
import { readTextFile } from "./text-file";
import { parseYaml, type YamlFile } from "./yaml-file";

/** A stack name that CDKTF, Terraform and every file system take as it is. */
const STACK_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** No file can have one of these names on Windows, whatever its ending. Source: Microsoft, "Naming files, paths, and namespaces". */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/**
 * Reads every `*.yaml` of a folder, one deployment each, sorted by name.
 * @param folder relative to the folder that the program runs in
 * @param surroundings with CDKTF's output folder, `cdktf.out` by default
 * @throws SettingsError with every problem of every file; nothing is written before.
 */
export function loadDeployments(
  folder: string,
  surroundings: Surroundings = { outputFolder: OUTPUT_FOLDER },
): readonly Deployment[] {
  return deploymentsOf(settingsFiles(folder).map((file) => readFile(file, { ...surroundings, settingsFolder: folder })));
}

/** The deployments that were read. @throws SettingsError with every problem of every one, by itself and beside the others */
export function deploymentsOf(readings: readonly Reading[]): readonly Deployment[] {
  const faulty = problemsOf(readings);
  if (faulty.size > 0) {
    throw new SettingsError(faulty);
  }
  return readings.flatMap(({ candidate }) => (candidate === undefined ? [] : toDeployment(candidate.stack, candidate.settings)));
}

/** The problems of each deployment that has some, by itself and beside the others. */
function problemsOf(readings: readonly Reading[]): ReadonlyMap<string, readonly Problem[]> {
  const conflicting = conflicts(readings.flatMap(({ candidate }) => candidate ?? []));
  const problems = readings.map(({ source, problems, place }) => {
    const beside = (conflicting.get(source) ?? []).map((problem) => located(problem, place));
    return [source, [...problems, ...beside]] as const;
  });
  return new Map(problems.filter(([, list]) => list.length > 0));
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
 * @throws SettingsError with the problems of this deployment; Error if there is no such deployment
 */
export function selectDeployment(
  folder: string,
  stack: string | undefined,
  surroundings: Omit<Surroundings, "policy" | "settingsFolder">,
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
    readFile(given.file, { ...surroundings, settingsFolder: folder, ...(given.name === name ? { policy: change } : {}) }),
  );
  const own = readings.filter((_, index) => files[index]?.name === name);
  const faulty = own.filter(({ problems }) => problems.length > 0);
  const candidate = own[0]?.candidate;
  if (faulty.length > 0 || candidate === undefined) {
    throw new SettingsError(new Map(faulty.map(({ source, problems }) => [source, problems])));
  }
  const problems = problemsOf(readings);
  return {
    deployment: toDeployment(name, candidate.settings),
    stacks,
    others: problems.size === 0 ? undefined : new SettingsError(problems),
  };
}

function settingsFiles(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    throw folderError(folder, "can't be read as a folder; make it and put one YAML file per deployment into it");
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
  readonly problems: readonly Problem[];
  readonly candidate?: Candidate;
  /** Where in the file its fields stand; absent for settings that are in no file. */
  readonly place?: YamlFile | undefined;
}

function readFile(file: string, surroundings: Surroundings): Reading {
  const stack = basename(file, extname(file));
  const nameProblems = fileNameProblems(file);
  const read = readTextFile(file);
  if (!("text" in read)) {
    const message =
      "rule" in read ? read.rule : `can't be read as a file (${read.code}); settings files lie directly in the folder`;
    return { source: file, problems: [...nameProblems, { path: [], message }] };
  }
  const parsed = parseYaml(read.text);
  if ("problems" in parsed) {
    return { source: file, problems: [...nameProblems, ...parsed.problems] };
  }
  const reading = readSettings({ source: file, stack, value: parsed.file.value, place: parsed.file, surroundings });
  return { ...reading, problems: [...nameProblems, ...reading.problems] };
}

/** Checks the settings of one deployment by themselves. */
export function readSettings(given: {
  readonly source: string;
  readonly stack: string;
  readonly value: unknown;
  readonly surroundings: Surroundings;
  readonly place?: YamlFile;
}): Reading {
  const { source, stack, value, surroundings, place } = given;
  const tooLong = sizeProblems(value);
  if (tooLong.length > 0) {
    return { source, problems: tooLong.map((problem) => located(problem, place)), place };
  }
  const { settings, problems } = withConfigFile(check(withPolicy(value, surroundings.policy)));
  const faulty = (path: readonly string[]) => problems.some((problem) => overlap(problem.path, path));
  const rules = ruleProblems(settings, surroundings, faulty);
  return {
    source,
    problems: [...problems, ...rules].map((problem) => located(problem, place)),
    candidate: { stack, file: source, settings, faulty },
    place,
  };
}

function fileNameProblems(file: string): readonly Problem[] {
  const stack = basename(file, extname(file));
  if (extname(file) !== ".yaml") {
    return [{ path: [], message: `has another ending than .yaml; rename it to ${stack}.yaml` }];
  }
  return stackNameProblems(stack, "rename the file");
}

/** @param remedy what to do, in words that end the message */
export function stackNameProblems(stack: string, remedy: string): readonly Problem[] {
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
function withPolicy(value: unknown, change: Surroundings["policy"]): unknown {
  return isObject(value) && change !== undefined
    ? { ...value, policy: { ...(isObject(value.policy) ? value.policy : {}), ...change } }
    : value;
}

/** Fills in what DKP's own installation file says, where one is named. */
function withConfigFile({ settings, problems }: Checked): Checked {
  const path = settings.cluster?.configFile;
  if (path === undefined || problems.some((problem) => overlap(problem.path, ["cluster"]))) {
    return { settings, problems };
  }
  const result = readConfigFile(path);
  if ("problems" in result) {
    return { settings, problems: [...problems, ...result.problems] };
  }
  const { fields, region } = result.config;
  return {
    settings: { ...settings, cluster: { ...settings.cluster, ...fields } },
    problems: [
      ...problems,
      ...configFileConflicts(settings, fields, problems.some(({ path }) => overlap(path, ["region"])) ? undefined : region),
    ],
  };
}

interface Checked {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
}

/** Everything wrong with the value of one file by itself, each field once. */
function check(value: unknown): Checked {
  if (!isObject(value)) {
    return {
      settings: {} as Settings,
      // Not the value: the file may be a link to another one.
      problems: [{ path: [], message: `holds ${kindOf(value)} and not an object; write KEY: VALUE lines` }],
    };
  }
  const result = v.safeParse(deploymentSchema, value);
  const all = [
    ...templateProblems(value),
    ...reservedKeyProblems(value),
    ...secretProblems(value),
    ...(result.issues ?? []).flatMap((issue) => issueProblems(issue)),
  ];
  return { settings: result.output as Settings, problems: firstProblems(all, characterProblems(value)) };
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Whether one path is the other or lies inside it, either way round. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).every((segment, index) => segment === other[index]);
}

function located(problem: Problem, place: YamlFile | undefined): Problem {
  return { ...problem, line: place?.lineOf(problem.path), path: problem.path.map(showSegment) };
}
