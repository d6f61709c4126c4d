import { isInside, physicalPath } from "../text/files";
import { isObject } from "../text/json";
import { configFileConflicts, readConfigFile } from "./config-file";
import { type Defaults, locatedIn, withDefaults } from "./defaults";
import {
  type Deployment,
  type KeySettings,
  POLICY_FIELDS,
  policiesOf,
  toDeployment,
} from "./deployment";
import { errorAt, type FieldError, SettingsError, show } from "./errors";
import { type Candidate, conflicts } from "./rules/across-deployments";
import { ARN_RULES } from "./rules/arn-rules";
import { BACKEND_RULES } from "./rules/backend-rules";
import { POLICY_RULES } from "./rules/policy-rules";
import { checkedSettings } from "./rules/rule";
import { deploymentSchema } from "./schema/deployment-schema";
import { checked } from "./schema/fields";
import type { Settings } from "./settings";
import type { Errors, YamlFile } from "./yaml-file";

const RULES = [BACKEND_RULES, POLICY_RULES, ARN_RULES].flat();

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
  /** Valid except where `errors` are. */
  readonly settings: Settings;
  readonly errors: readonly FieldError[];
  readonly secretLine?: number | undefined;
}

/** Checks the settings of one deployment by themselves. */
export function readSettings(
  source: string,
  stack: string,
  value: unknown,
  files: Pick<Reading, "yaml" | "defaults"> = {},
): Reading {
  return withRules({ source, ...files }, stack, withConfigFile(parse(value)));
}

/** The settings of a file, completed with the shared ones. */
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
  return readSettings(source, stack, yaml.value, { yaml, defaults });
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
  return deploymentsOf([withRules(file, stack, { settings: changed, errors: [] })]);
}

/** Checks the rules between fields. The policies of the deployment are computed here, once. */
function withRules(
  file: Pick<Reading, "source" | "yaml" | "defaults">,
  stack: string,
  parsed: Parsed,
): Reading {
  const { source, yaml, defaults } = file;
  const { settings, errors: ownErrors, secretLine } = parsed;
  const valid = checkedSettings(settings, ownErrors);
  const fields = valid.fields(...POLICY_FIELDS);
  const policies = fields && policiesOf(fields);
  const found = [...ownErrors, ...RULES.flatMap((check) => check(valid, policies))];
  const areDefaultsValid = (defaults?.errors ?? []).length === 0;
  // The reason for an error outside the own file may be an error in the defaults.
  const certain = areDefaultsValid ? found : found.filter(({ path }) => yaml?.isOwn?.(path));
  const errors = certain.map((error) => locatedIn(yaml, error));
  const known = { marked: yaml?.marked ?? [], secretLine };
  const deployment =
    found.length === 0 && areDefaultsValid && policies !== undefined
      ? toDeployment(stack, settings, { ...known, policies })
      : undefined;
  return { ...file, errors, candidate: { stack, source, settings: valid }, deployment };
}

/** Of settings with errors, what the keys need; undefined without a Region and a user. */
export function keySettings({ candidate }: Reading): KeySettings | undefined {
  const required = candidate?.settings.fields("region", "user.name");
  const { region, "user.name": name } = required ?? {};
  if (candidate === undefined || region === undefined || name === undefined) {
    return undefined;
  }
  const { stack, settings } = candidate;
  const { "user.path": path = "/" } = settings.fields("user.path") ?? {};
  const { "accessKeys.managedBy": managedBy = "terraform" } =
    settings.fields("accessKeys.managedBy") ?? {};
  return {
    ...{ stack, region, user: { name, path }, accessKeys: { managedBy } },
    accountId: settings.fields("accountId")?.accountId,
    provider: settings.fields("provider")?.provider ?? {},
    cluster: { prefix: settings.fields("cluster.prefix")?.["cluster.prefix"] },
  };
}

/** @throws SettingsError with every error of each deployment, and between deployments */
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

function parse(value: unknown): Parsed {
  if (!isObject(value)) {
    // Not the value: the file may be a link to another one.
    const kind = typeof value === "object" ? show(value) : `a ${typeof value}`;
    const errors = [errorAt("", `holds ${kind} and not an object; write KEY: VALUE lines`)];
    return { settings: {} as Settings, errors };
  }
  const { output, errors } = checked(deploymentSchema, value);
  return { settings: output, errors };
}

const OUTSIDE = "is outside the project; copy the file into the project, without its credentials";

function withConfigFile(parsed: Parsed): Parsed {
  const { settings, errors } = parsed;
  const valid = checkedSettings(settings, errors);
  const given = valid.fields("cluster")?.cluster;
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
  const conflicting = configFileConflicts(given, result.config, valid.fields("region")?.region);
  return {
    ...parsed,
    settings: { ...settings, cluster },
    errors: [...errors, ...conflicting],
    secretLine: result.config.secretLine,
  };
}
