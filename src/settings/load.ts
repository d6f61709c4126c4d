import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import * as v from "valibot";
import { isObject } from "./backend";
import { configFileConflicts, readConfigFile } from "./config-file";
import { type Candidate, conflicts } from "./conflicts";
import { type Deployment, toDeployment } from "./deployment";
import { deploymentsFolder, outputFolder } from "./folder";
import { issueProblems } from "./issues";
import { type Problem, SettingsError } from "./problems";
import type { Surroundings } from "./rule";
import { ruleProblems } from "./rules";
import { deploymentSchema, type Settings } from "./schema";
import { reservedKeyProblems, secretProblems, showSegment, templateProblems } from "./text-problems";
import { show, suggest } from "./words";
import { parseYaml, type YamlFile } from "./yaml-file";

/** A stack name that CDKTF, Terraform and every file system take as it is. */
const STACK_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Reads every `*.yaml` of a folder, one deployment each, sorted by name.
 * @param folder relative to the folder that the program runs in
 * @throws SettingsError with every problem of every file; nothing is written before.
 */
export function loadDeployments(
  folder: string,
  surroundings: Surroundings = { outputFolder: outputFolder(process.env) },
): readonly Deployment[] {
  return deploymentsOf(settingsFiles(folder).map((file) => readFile(file, surroundings)));
}

/** The deployments that were read. @throws SettingsError with every problem of every one, by itself and beside the others */
export function deploymentsOf(readings: readonly Reading[]): readonly Deployment[] {
  const candidates = readings.flatMap(({ candidate }) => candidate ?? []);
  const conflicting = conflicts(candidates);
  const problems = readings.map(({ source, problems, place }) => {
    const beside = (conflicting.get(source) ?? []).map((problem) => located(problem, place));
    return [source, [...problems, ...beside]] as const;
  });
  const faulty = new Map(problems.filter(([, list]) => list.length > 0));
  if (faulty.size > 0) {
    throw new SettingsError(faulty);
  }
  return candidates.map(({ stack, settings }) => toDeployment(stack, settings));
}

/**
 * The deployment of a stack, as commands take it from their arguments: the only one, when none is named.
 * @param change what to take instead of the settings' own `policy`
 * @throws SettingsError as `loadDeployments`; Error if there is no such deployment
 */
export function deploymentNamed(stack: string | undefined, change: Partial<Settings["policy"]> = {}): Deployment {
  const folder = deploymentsFolder(process.env);
  const deployments = loadDeployments(folder, { outputFolder: outputFolder(process.env), policy: change });
  const names = deployments.map((deployment) => deployment.stack);
  const found =
    stack === undefined && deployments.length === 1
      ? deployments[0]
      : deployments.find((deployment) => deployment.stack === stack);
  if (found === undefined) {
    throw new Error(
      stack === undefined
        ? `name a stack: ${names.join(", ")}`
        : `no deployment "${stack}" in ${folder}, ${suggest(stack, names)}`,
    );
  }
  return found;
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
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return {
      source: file,
      problems: [
        ...nameProblems,
        {
          path: [],
          message: `can't be read as a file (${(error as NodeJS.ErrnoException).code}); settings files lie directly in the folder`,
        },
      ],
    };
  }
  const parsed = parseYaml(text);
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
  return STACK_NAME.test(stack)
    ? []
    : [
        {
          path: [],
          message: `${show(stack)} can't be a stack name: lower-case letters, digits and "-", first a letter, at most 63; ${remedy}`,
        },
      ];
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
      problems: [{ path: [], message: `holds ${show(value)} and not an object; write KEY: VALUE lines` }],
    };
  }
  const result = v.safeParse(deploymentSchema, value);
  const all = [
    ...templateProblems(value),
    ...reservedKeyProblems(value),
    ...secretProblems(value),
    ...(result.issues ?? []).flatMap((issue) => issueProblems(issue)),
  ];
  const byPath = new Map(all.toReversed().map((problem) => [JSON.stringify(problem.path), problem]));
  return { settings: result.output as Settings, problems: [...byPath.values()].toReversed() };
}

/** Whether one path is the other or lies inside it, either way round. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).every((segment, index) => segment === other[index]);
}

function located(problem: Problem, place: YamlFile | undefined): Problem {
  return { ...problem, line: place?.lineOf(problem.path), path: problem.path.map(showSegment) };
}
