import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isObject, type JsonObject, objectOf } from "../text/json";
import { errorAt, type FieldError, showSegment } from "./errors";
import { deploymentSchema } from "./schema/deployment-schema";
import { checked } from "./schema/fields";
import { parseYaml, readYaml, type YamlFile } from "./yaml-file";

/**
 * The name of the file with the settings that all deployments of a folder share. No stack can have
 * it.
 */
export const DEFAULTS = "defaults";

export interface Defaults {
  /** The file, as messages name it. */
  readonly source: string;
  readonly errors: readonly FieldError[];
  readonly yaml?: YamlFile;
}

const EMPTY = "is empty; write a setting that all deployments share, or delete the file";

/** Reads `defaults.yaml` of a folder of deployments. */
export function readDefaults(folder: string): Defaults | undefined {
  const name = `${DEFAULTS}.yaml`;
  if (!readdirSync(folder).includes(name)) {
    return undefined;
  }
  const source = join(folder, name);
  const parsed = readYaml(source, (text) => parseYaml(text, EMPTY));
  if ("errors" in parsed) {
    return { source, errors: parsed.errors };
  }
  const { file: yaml } = parsed;
  const errors = errorsIn(yaml.value).map((error) => locatedIn(yaml, error));
  return { source, yaml, errors };
}

/** Rules between fields are checked with each deployment. */
function errorsIn(value: unknown): readonly FieldError[] {
  if (!isObject(value)) {
    return [errorAt("", "does not hold an object; write KEY: VALUE lines")];
  }
  const { context } = objectOf(value.cluster);
  const own = "is one cluster's, and no two have the same; write it into the file of a deployment";
  return [
    ...(context === undefined ? [] : [errorAt("cluster.context", own)]),
    // Fields that are missing are in the files of the deployments.
    ...checked(deploymentSchema, value).errors.filter(
      ({ path }) => depth(value, path) === path.length,
    ),
  ];
}

/** An error with its line, and with the file if that is not the deployment's own. */
export function locatedIn(yaml: YamlFile | undefined, { path, message }: FieldError): FieldError {
  return {
    path: path.map(showSegment),
    message,
    line: yaml?.lineOf(path),
    file: yaml?.fileOf?.(path),
  };
}

/** The settings of a deployment with those that it shares. */
export function withDefaults(own: YamlFile, { source, yaml }: Defaults): YamlFile {
  const shared = objectOf(yaml?.value);
  const isShared = (path: readonly string[]) => depth(shared, path) > depth(own.value, path);
  const marked = yaml?.marked.map((lines) => `${lines} of ${source}`) ?? [];
  return {
    value: merged(withoutOtherLocation(shared, objectOf(own.value)), own.value, own),
    lineOf: (path) => (isShared(path) ? yaml : own)?.lineOf(path),
    fileOf: (path) => (isShared(path) ? source : undefined),
    isOwn: (path) => depth(own.value, path) === path.length,
    isNull: own.isNull,
    marked: [...own.marked, ...marked],
  };
}

/**
 * Objects merge by key; any other value of the deployment replaces the shared one. A written `null`
 * removes it.
 */
function merged(
  shared: unknown,
  own: unknown,
  file: YamlFile,
  path: readonly string[] = [],
): unknown {
  if (!isObject(shared) || !isObject(own)) {
    return own;
  }
  const names = [...new Set([...Object.keys(shared), ...Object.keys(own)])];
  const entries = names.flatMap((name): [string, unknown][] => {
    if (!Object.hasOwn(own, name)) {
      return [[name, shared[name]]];
    }
    const below = [...path, name];
    if (!Object.hasOwn(shared, name)) {
      return [[name, own[name]]];
    }
    return file.isNull(below) ? [] : [[name, merged(shared[name], own[name], file, below)]];
  });
  return Object.fromEntries(entries);
}

/**
 * If a deployment names a location of another type, the shared one is dropped: a state has one
 * location.
 */
function withoutOtherLocation(shared: JsonObject, own: JsonObject): JsonObject {
  const types = locationTypes(own);
  if (types.length === 0 || types.some((type) => locationTypes(shared).includes(type))) {
    return shared;
  }
  const { backend: _, cloud: __, ...others } = shared;
  return others;
}

function locationTypes({ backend, cloud }: JsonObject): readonly string[] {
  const types = Object.keys(objectOf(backend)).filter((name) => name !== "partial");
  return cloud === undefined ? types : [...types, "cloud"];
}

function depth(value: unknown, [first, ...rest]: readonly string[]): number {
  const isThere =
    first !== undefined &&
    typeof value === "object" &&
    value !== null &&
    Object.hasOwn(value, first);
  return isThere ? 1 + depth((value as JsonObject)[first], rest) : 0;
}
