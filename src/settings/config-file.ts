import * as v from "valibot";
import { isObject, valueAt } from "../text/json";
import { describe, errorAt, type FieldError, show, showSegment } from "./errors";
import { secretIn } from "./rules/forbidden-strings";
import { ami, dkpFields } from "./schema/cluster-schema";
import { checked } from "./schema/fields";
import { noList } from "./schema/primitives";
import type { ClusterSettings, DkpFields } from "./settings";
import { parseDocuments, readYaml, type YamlFile } from "./yaml-file";

const nodes = noList(
  v.object({ instanceClass: v.optional(noList(v.object({ ami: v.optional(ami) }))) }),
);

/**
 * The read fields of an `AWSClusterConfiguration`. All others are ignored, credentials above all.
 */
const CLUSTER = noList(
  v.object({
    ...dkpFields,
    withNAT: v.optional(noList(v.object({ bastionInstance: v.optional(nodes) }))),
    masterNodeGroup: v.optional(nodes),
    nodeGroups: v.optional(v.array(nodes)),
    provider: v.fallback(v.object({ region: v.optional(v.string()) }), {}),
  }),
);

const PREFIX = noList(v.object({ prefix: dkpFields.prefix }));

interface ConfigFile {
  readonly fields: DkpFields & { readonly amis: readonly string[] };
  readonly region: string | undefined;
  readonly secretLine: number | undefined;
}

const SECRET = ["provider", "providerSecretAccessKey"];

/**
 * Reads DKP's multi-document installation file: `ClusterConfiguration`, `AWSClusterConfiguration`
 * and `ModuleConfig/global`.
 */
export function readConfigFile(
  path: string,
): { config: ConfigFile } | { errors: readonly FieldError[] } {
  const parsed = readYaml(path, parseDocuments);
  if ("errors" in parsed) {
    return { errors: parsed.errors.map((error) => inFile(path, error)) };
  }
  const ofKind = (kind: string) =>
    parsed.files.filter(({ value }) => isObject(value) && value.kind === kind);
  const [file, ...more] = ofKind("AWSClusterConfiguration");
  if (file === undefined || more.length > 0) {
    const count = `${file === undefined ? "no" : more.length + 1} documents`;
    const message = `holds ${count} of kind AWSClusterConfiguration, one is required`;
    return { errors: [fileError(`${show(path)} ${message}`)] };
  }
  const cluster = check(path, CLUSTER, file);
  // Newer versions of DKP take the prefix from the settings of the module `global`.
  const global = ofKind("ModuleConfig").filter(
    (document) => valueAt(document.value, ["metadata", "name"]) === "global",
  );
  const prefixes = [
    ...ofKind("ClusterConfiguration").map((document) => check(path, PREFIX, document, ["cloud"])),
    ...global.map((document) => check(path, PREFIX, document, ["spec", "settings"])),
  ];
  const valid = prefixes.filter((part) => part.errors.length === 0);
  const names = [...new Set(valid.flatMap(({ output }) => output.prefix ?? []))];
  const errors = [cluster, ...prefixes].flatMap((part) => part.errors);
  if (names.length > 1) {
    errors.push(
      fileError(`${show(path)} has the prefixes ${names.map(show).join(" and ")}; make them agree`),
    );
  }
  if (errors.length > 0) {
    return { errors };
  }
  const { provider, masterNodeGroup, nodeGroups = [], ...fields } = cluster.output;
  const groups = [masterNodeGroup, ...nodeGroups, fields.withNAT?.bastionInstance];
  const secret = valueAt(file.value, SECRET);
  const hasSecret = typeof secret === "string" && secretIn(secret) !== undefined;
  const amis = [...new Set(groups.flatMap((group) => group?.instanceClass?.ami ?? []))];
  return {
    config: {
      fields: { ...fields, amis, ...(names[0] && { prefix: names[0] }) },
      region: provider.region,
      secretLine: hasSecret ? file.lineOf(SECRET) : undefined,
    },
  };
}

/** @param region of the settings; undefined if it is invalid */
export function configFileConflicts(
  cluster: ClusterSettings,
  file: ConfigFile,
  region: string | undefined,
): readonly FieldError[] {
  const { prefix, ...others } = { ...dkpFields, amis: undefined };
  const errors = Object.keys(others)
    .filter((name) => cluster[name as keyof typeof cluster] !== undefined)
    .map((name) => errorAt(`cluster.${name}`, "is also in configFile; remove one of them"));
  const own = file.fields.prefix;
  if (cluster.prefix !== undefined && own !== undefined && cluster.prefix !== own) {
    const message = `${show(cluster.prefix)} is not what configFile says, ${show(own)}; remove it`;
    errors.push(errorAt("cluster.prefix", message));
  }
  if (region !== undefined && file.region !== undefined && file.region !== region) {
    // Not the Region of the file: it is next to the secret, and may be it.
    errors.push(
      fileError(
        `${show(cluster.configFile)} says another Region than this deployment, ${region}; ` +
          "make them agree",
      ),
    );
  }
  return errors;
}

/** Errors do not show credentials: these are in fields that the schema does not read. */
function check<Out>(
  path: string,
  schema: v.GenericSchema<unknown, Out>,
  file: YamlFile,
  at: readonly string[] = [],
) {
  const value = valueAt(file.value, at) ?? {};
  const read = Object.keys(dkpFields).map((name) => [name, valueAt(value, [name])]);
  const { output, errors } = checked(schema, value, Object.fromEntries(read));
  return {
    output,
    errors: errors.map((error) => {
      const field = [...at, ...error.path];
      return inFile(path, { ...error, path: field, line: file.lineOf(field) });
    }),
  };
}

function inFile(file: string, error: FieldError): FieldError {
  return fileError(
    describe(
      { ...error, path: error.path.map(showSegment) },
      /^[\w./-]+$/.test(file) ? file : show(file),
    ),
  );
}

function fileError(message: string): FieldError {
  return errorAt("cluster.configFile", message);
}
