import { dirname } from "node:path";
import * as v from "valibot";
import { isInside, physicalPath } from "../text/files";
import { isObject } from "../text/json";
import { configFileConflicts, readConfigFile } from "./config-file";
import { type Defaults, locatedIn, withDefaults } from "./defaults";
import { type Deployment, POLICY_FIELDS, policiesOf, toDeployment } from "./deployment";
import { errorAt, type FieldError, firstErrors, SettingsError, show } from "./errors";
import { type KeyFiles, withKeyFiles } from "./pgp-key-files";
import { ACCESS_KEY_RULES } from "./rules/access-key-rules";
import { type Candidate, conflicts } from "./rules/across-deployments";
import { ARN_RULES } from "./rules/arn-rules";
import { BACKEND_RULES } from "./rules/backend-rules";
import { forbiddenStrings } from "./rules/forbidden-strings";
import { POLICY_RULES } from "./rules/policy-rules";
import { checkedSettings } from "./rules/rule";
import { deploymentSchema } from "./schema/deployment-schema";
import { issueErrors } from "./schema/fields";
import type { Settings } from "./settings";
import type { Errors, YamlFile } from "./yaml-file";

const RULES = [BACKEND_RULES, POLICY_RULES, ARN_RULES, ACCESS_KEY_RULES].flat();

export interface Reading {
  /** The file, as messages name it. */
  readonly source: string;
  readonly errors: readonly FieldError[];
  /** Absent if the settings have errors. */
  readonly deployment?: Deployment | undefined;
  /**
   * The fields without errors, to compare with other deployments; absent if the settings could not
   * be read.
   */
  readonly candidate?: Candidate;
  /** The lines of the fields; absent for settings that are not in a file. */
  readonly yaml?: YamlFile | undefined;
  readonly defaults?: Defaults | undefined;
}

interface Parsed {
  /** What the schema returns; valid except where `errors` are. */
  readonly output: Readonly<Record<string, unknown>>;
  readonly settings: Settings | undefined;
  readonly errors: readonly FieldError[];
  /** The line of `cluster.configFile` that has a secret access key. */
  readonly secretLine?: number | undefined;
  /** The file of each OpenPGP key that has one, as the settings name it. */
  readonly keyFiles?: Readonly<Record<string, string>>;
}

const NO_KEY_FILES: KeyFiles = { keyFiles: {}, errors: [] };

/** Checks the settings of one deployment by themselves. */
export function readSettings(
  source: string,
  stack: string,
  value: unknown,
  files: Pick<Reading, "yaml" | "defaults"> = {},
  keys: KeyFiles = NO_KEY_FILES,
): Reading {
  const { errors, ...parsed } = parse(value);
  const withKeys = {
    ...parsed,
    errors: firstErrors([...keys.errors, ...errors]),
    keyFiles: keys.keyFiles,
  };
  return withRules({ source, ...files }, stack, withConfigFile(withKeys));
}

/** Reads the text of a settings file, if it is YAML, completed with the shared settings. */
export function readFileOf(
  source: string,
  stack: string,
  parsed: { readonly file: YamlFile } | Errors,
  defaults: Defaults | undefined,
): Reading {
  if ("errors" in parsed) {
    return { source, errors: parsed.errors, defaults };
  }
  const yaml = defaults === undefined ? parsed.file : withDefaults(parsed.file, defaults);
  const { value, ...keys } = withKeyFiles(yaml.value, dirname(source));
  return readSettings(source, stack, value, { yaml, defaults }, keys);
}

/**
 * A valid deployment with a part of its `policy` replaced; the rules are checked again.
 * @throws SettingsError
 */
export function withPolicy(
  { deployment, ...file }: Reading,
  change: Partial<Settings["policy"]>,
): readonly Deployment[] {
  if (deployment === undefined) {
    return [];
  }
  const { stack, settings } = deployment;
  const changed = { ...settings, policy: { ...settings.policy, ...change } };
  return deploymentsOf([
    withRules(file, stack, { output: changed, settings: changed, errors: [] }),
  ]);
}

/** Checks the rules between fields. The policies of the deployment are computed here, once. */
function withRules(
  file: Pick<Reading, "source" | "yaml" | "defaults">,
  stack: string,
  parsed: Parsed,
): Reading {
  const { source, yaml, defaults } = file;
  const { output, settings, errors: ownErrors, secretLine, keyFiles = {} } = parsed;
  const checked = checkedSettings(output, ownErrors);
  const fields = checked.fields(...POLICY_FIELDS);
  const policies = fields && policiesOf(fields);
  const found = [...ownErrors, ...RULES.flatMap((check) => check(checked, policies))];
  const areDefaultsValid = (defaults?.errors ?? []).length === 0;
  // The reason for an error outside the own file may be an error in the defaults.
  const certain = areDefaultsValid ? found : found.filter(({ path }) => yaml?.isOwn?.(path));
  const errors = certain.map((error) => locatedIn(yaml, error));
  const isValid =
    found.length === 0 && areDefaultsValid && settings !== undefined && policies !== undefined;
  const known = { marked: yaml?.marked ?? [], secretLine, keyFiles };
  const deployment = isValid ? toDeployment(stack, settings, { ...known, policies }) : undefined;
  return {
    source,
    errors,
    candidate: { stack, source, settings: checked },
    yaml,
    defaults,
    deployment,
  };
}

/**
 * The deployments that were read.
 * @throws SettingsError with every error of each deployment, and between deployments
 */
export function deploymentsOf(readings: readonly Reading[]): readonly Deployment[] {
  const errors = errorsOf(readings);
  if (errors.size > 0) {
    throw new SettingsError(errors);
  }
  return readings.flatMap(({ deployment }) => deployment ?? []);
}

/** The errors of each file that has some by itself. */
export function fileErrors(
  readings: readonly Reading[],
): ReadonlyMap<string, readonly FieldError[]> {
  const files = readings.flatMap(({ defaults, ...own }) =>
    defaults === undefined ? own : [defaults, own],
  );
  return new Map(
    files.flatMap(({ source, errors }) => (errors.length === 0 ? [] : [[source, errors] as const])),
  );
}

/**
 * The errors of each deployment that has some: its own, those of the defaults, and those between
 * deployments.
 */
export function errorsOf(readings: readonly Reading[]): ReadonlyMap<string, readonly FieldError[]> {
  const conflicting = conflicts(readings.flatMap(({ candidate }) => candidate ?? []));
  const all = readings.map((reading) => {
    const others = (conflicting.get(reading.source) ?? []).map((error) =>
      locatedIn(reading.yaml, error),
    );
    return { ...reading, errors: [...reading.errors, ...others] };
  });
  return fileErrors(all);
}

/** The errors of one file by itself, each field once. */
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
    errors: firstErrors([
      ...forbiddenStrings(value),
      ...issues.flatMap((issue) => issueErrors(issue)),
    ]),
  };
}

const OUTSIDE = "is outside the project; copy the file into the project, without its credentials";

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
    ...parsed,
    output: { ...output, cluster },
    settings: settings && { ...settings, cluster },
    errors: [...errors, ...conflicting],
    secretLine: result.config.secretLine,
  };
}
