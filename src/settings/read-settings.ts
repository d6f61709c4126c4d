import * as v from "valibot";
import { isInside, physicalPath } from "../text/files";
import { isObject } from "../text/json";
import { configFileConflicts, readConfigFile } from "./config-file";
import { type Deployment, POLICY_FIELDS, policiesOf, toDeployment } from "./deployment";
import { errorAt, type FieldError, firstErrors, SettingsError, show, showSegment } from "./errors";
import { ACCESS_KEY_RULES } from "./rules/access-key-rules";
import { type Candidate, conflicts } from "./rules/across-deployments";
import { ARN_RULES } from "./rules/arn-rules";
import { BACKEND_RULES } from "./rules/backend-rules";
import { forbiddenStrings } from "./rules/forbidden-strings";
import { POLICY_RULES } from "./rules/policy-rules";
import { checkedSettings } from "./rules/rule";
import { deploymentSchema, type Settings } from "./schema/deployment-schema";
import { issueErrors } from "./schema/fields";
import type { parseYaml, YamlFile } from "./yaml-file";

const RULES = [BACKEND_RULES, POLICY_RULES, ARN_RULES, ACCESS_KEY_RULES].flat();

/** The result of reading the settings of one deployment. */
export interface Reading {
  /** The name of the deployment in messages: its file. */
  readonly source: string;
  readonly errors: readonly FieldError[];
  /** Absent if the settings have errors. */
  readonly deployment?: Deployment | undefined;
  /** The fields without errors, to compare with other deployments; absent if the settings could not be read. */
  readonly candidate?: Candidate;
  /** The lines of the fields; absent for settings that are not in a file. */
  readonly yaml?: YamlFile | undefined;
}

/** Settings as far as they were checked. */
interface Parsed {
  /** What the schema returns; valid except where `errors` are. */
  readonly output: Readonly<Record<string, unknown>>;
  /** The same, if it matches the schema. */
  readonly settings: Settings | undefined;
  readonly errors: readonly FieldError[];
  /** The line of `cluster.configFile` that has a secret access key. */
  readonly secretLine?: number | undefined;
}

/** Checks the settings of one deployment by themselves. */
export function readSettings(source: string, stack: string, value: unknown, yaml?: YamlFile): Reading {
  return withRules({ source, yaml }, stack, withConfigFile(parse(value)));
}

/** The same for the text of a settings file, as far as it is YAML. */
export function readFileOf(source: string, stack: string, parsed: ReturnType<typeof parseYaml>): Reading {
  return "errors" in parsed ? { source, errors: parsed.errors } : readSettings(source, stack, parsed.file.value, parsed.file);
}

/** A valid deployment with a part of its `policy` replaced, held to the rules again. @throws SettingsError */
export function withPolicy({ deployment, ...file }: Reading, change: Partial<Settings["policy"]>): readonly Deployment[] {
  if (deployment === undefined) {
    return [];
  }
  const { stack, settings } = deployment;
  const changed = { ...settings, policy: { ...settings.policy, ...change } };
  return deploymentsOf([withRules(file, stack, { output: changed, settings: changed, errors: [] })]);
}

/** Checks what is between the fields. The policies of the deployment are computed here, once. */
function withRules(file: Pick<Reading, "source" | "yaml">, stack: string, parsed: Parsed): Reading {
  const { source, yaml } = file;
  const { output, settings, errors: ownErrors, secretLine } = parsed;
  const checked = checkedSettings(output, ownErrors);
  const fields = checked.fields(...POLICY_FIELDS);
  const policies = fields && policiesOf(fields);
  const found = [...ownErrors, ...RULES.flatMap((check) => check(checked, policies))];
  const errors = found.map((error) => ({ ...error, line: yaml?.lineOf(error.path), path: error.path.map(showSegment) }));
  const isValid = errors.length === 0 && settings !== undefined && policies !== undefined;
  const known = { marked: yaml?.marked ?? [], secretLine };
  const deployment = isValid ? toDeployment(stack, settings, { ...known, policies }) : undefined;
  return { source, errors, candidate: { stack, source, settings: checked }, yaml, deployment };
}

/** The deployments that were read. @throws SettingsError with every error of each deployment, and between deployments */
export function deploymentsOf(readings: readonly Reading[]): readonly Deployment[] {
  const errors = errorsOf(readings);
  if (errors.size > 0) {
    throw new SettingsError(errors);
  }
  return readings.flatMap(({ deployment }) => deployment ?? []);
}

/** The errors of each deployment that has some, its own and those between deployments. */
export function errorsOf(readings: readonly Reading[]): ReadonlyMap<string, readonly FieldError[]> {
  const conflicting = conflicts(readings.flatMap(({ candidate }) => candidate ?? []));
  const all = readings.map(({ source, errors, yaml }) => {
    const others = (conflicting.get(source) ?? []).map((error) => ({ ...error, line: yaml?.lineOf(error.path) }));
    return [source, [...errors, ...others]] as const;
  });
  return new Map(all.filter(([, errors]) => errors.length > 0));
}

/** Everything wrong with the value of one file by itself, each field once. */
function parse(value: unknown): Parsed {
  if (!isObject(value)) {
    // Not the value: the file may be a link to another one.
    const kind = typeof value === "object" ? show(value) : `a ${typeof value}`;
    const errors = [errorAt("", `holds ${kind} and not an object; write KEY: VALUE lines`)];
    return { output: {}, settings: undefined, errors };
  }
  const { success, output, issues = [] } = v.safeParse(deploymentSchema, value);
  return {
    output: isObject(output) ? output : {},
    settings: success ? output : undefined,
    errors: firstErrors([...forbiddenStrings(value), ...issues.flatMap((issue) => issueErrors(issue))]),
  };
}

const OUTSIDE = "is outside the project; copy the file into the project, without its credentials";

/** Fills in the fields of DKP's own installation file, if one is named. */
function withConfigFile(parsed: Parsed): Parsed {
  const { output, settings, errors } = parsed;
  const checked = checkedSettings(output, errors);
  const given = checked.fields("cluster")?.cluster;
  if (given?.configFile === undefined) {
    return parsed;
  }
  const result = isInside(physicalPath(given.configFile), physicalPath("."))
    ? readConfigFile(given.configFile)
    : { errors: [errorAt("cluster.configFile", `${show(given.configFile)} ${OUTSIDE}`)] };
  if ("errors" in result) {
    return { ...parsed, errors: [...errors, ...result.errors] };
  }
  const cluster = { ...given, ...result.config.fields };
  const conflicting = configFileConflicts(given, result.config, checked.fields("region")?.region);
  return {
    output: { ...output, cluster },
    settings: settings && { ...settings, cluster },
    errors: [...errors, ...conflicting],
    secretLine: result.config.secretLine,
  };
}
