import * as v from "valibot";

import { type FieldError, firstErrors } from "./errors";
import { isObject } from "./is-object";
import { show, showSegment } from "./message-parts";
import { characterErrors, stringsIn, templateErrors } from "./rules/forbidden-strings";
import { ami, dkpFields } from "./schema/cluster-schema";
import type { Settings } from "./schema/deployment-schema";
import { noList } from "./schema/primitives";
import { issueErrors } from "./schema/schema-messages";
import { parseDocuments, readText, type YamlFile } from "./yaml-file";

const { prefix, layout, ...optionalFields } = dkpFields;

const nodes = noList(v.object({ instanceClass: v.optional(noList(v.object({ ami: v.optional(ami) }))) }));

/** What is read of an `AWSClusterConfiguration`; everything else, credentials above all, is passed over. */
const awsClusterConfiguration = noList(
  v.object({
    ...optionalFields,
    layout: layout.wrapped,
    withNAT: v.optional(noList(v.object({ bastionInstance: v.optional(nodes) }))),
    masterNodeGroup: v.optional(nodes),
    nodeGroups: v.optional(v.array(nodes)),
    vpcNetworkCIDR: v.optional(v.string()),
    provider: v.optional(noList(v.object({ region: v.optional(v.string()) }))),
  }),
);

/** Fields whose values are written to policies, Terraform's JSON or reports. */
const FIELDS = Object.keys(dkpFields);

type AwsClusterConfiguration = v.InferOutput<typeof awsClusterConfiguration>;
// Without the types of its errors, as in deployment-schema.ts.
const AWS_CLUSTER_CONFIGURATION = awsClusterConfiguration as unknown as v.GenericSchema<unknown, AwsClusterConfiguration>;

const PREFIX = noList(v.object({ prefix }));

/** The fields of DKP's own installation file that decide about permissions, and the images of its nodes. */
export interface ConfigFile {
  readonly fields: Omit<AwsClusterConfiguration, "vpcNetworkCIDR" | "provider" | "masterNodeGroup" | "nodeGroups"> & {
    readonly prefix?: string;
    readonly amis: string[];
  };
  /** The region of DKP's own provider settings. */
  readonly region: string | undefined;
}

/** Reads DKP's multi-document installation file: `ClusterConfiguration`, `AWSClusterConfiguration` and `ModuleConfig/global`. */
export function readConfigFile(path: string): { config: ConfigFile } | { errors: readonly FieldError[] } {
  let parsed: ReturnType<typeof parseDocuments>;
  try {
    parsed = parseDocuments(readText(path));
  } catch (error) {
    return { errors: [fieldError(`${show(path)} ${(error as Error).message.replace(`${path}: `, "")}`)] };
  }
  if ("errors" in parsed) {
    return { errors: parsed.errors.map((error) => inFile(path, error)) };
  }
  const ofKind = (kind: string) => parsed.files.filter(({ value }) => isObject(value) && value.kind === kind);
  const [aws, ...more] = ofKind("AWSClusterConfiguration");
  if (aws === undefined || more.length > 0) {
    const count = aws === undefined ? "no" : String(more.length + 1);
    return { errors: [fieldError(`${show(path)} holds ${count} documents of kind AWSClusterConfiguration, one is required`)] };
  }
  const cluster = v.safeParse(AWS_CLUSTER_CONFIGURATION, aws.value);
  const prefixes = [...ofKind("ClusterConfiguration").map(cloudOf), ...ofKind("ModuleConfig").flatMap(globalSettingsOf)];
  const parsedPrefixes = prefixes.map(({ value, file, at }) => ({ ...v.safeParse(PREFIX, value), file, at }));
  const values = Object.fromEntries(FIELDS.map((field) => [field, (aws.value as Record<string, unknown>)[field]]));
  const strings = stringsIn(values);
  const errors = [
    ...firstErrors(
      [...(cluster.issues ?? []).flatMap((issue) => issueErrors(issue)), ...templateErrors(strings)],
      characterErrors(strings),
    ).map((error) => inFile(path, locate(error, aws))),
    ...parsedPrefixes.flatMap(({ issues, file, at }) =>
      (issues ?? []).flatMap((issue) => issueErrors(issue)).map((error) => inFile(path, locate(error, file, at))),
    ),
    ...vpcErrors(path, aws),
  ];
  const names = [...new Set(parsedPrefixes.flatMap(({ success, output }) => (success ? (output.prefix ?? []) : [])))];
  if (names.length > 1) {
    errors.push(fieldError(`${show(path)} states the prefixes ${names.map(show).join(" and ")}; make them agree`));
  }
  if (errors.length > 0 || !cluster.success) {
    return { errors };
  }
  const { vpcNetworkCIDR, provider, masterNodeGroup, nodeGroups = [], ...fields } = cluster.output;
  const groups = [masterNodeGroup, ...nodeGroups, fields.withNAT?.bastionInstance];
  const amis = [...new Set(groups.flatMap((group) => group?.instanceClass?.ami ?? []))];
  return {
    config: {
      fields: { ...fields, amis, ...(names[0] === undefined ? {} : { prefix: names[0] }) },
      region: provider?.region,
    },
  };
}

/**
 * Where the installation file contradicts the settings, or repeats them.
 * @param region of the settings; undefined if it is invalid
 */
export function configFileConflicts(
  cluster: Settings["cluster"],
  file: ConfigFile,
  region: string | undefined,
): readonly FieldError[] {
  const fields = ([...Object.keys(dkpFields), "amis"] as (keyof typeof cluster)[]).filter((field) => field !== "prefix");
  const { prefix } = file.fields;
  return [
    ...fields
      .filter((field) => cluster[field] !== undefined)
      .map((field) => ({
        path: ["cluster", field],
        message: "stands beside configFile, which says it; remove one of them",
      })),
    ...(cluster.prefix === undefined || prefix === undefined || cluster.prefix === prefix
      ? []
      : [
          {
            path: ["cluster", "prefix"],
            message: `${show(cluster.prefix)} is not what configFile says, ${show(prefix)}; remove it`,
          },
        ]),
    ...(region === undefined || file.region === undefined || file.region === region
      ? []
      : [
          fieldError(
            `${show(cluster.configFile)} says region ${show(file.region)}, this deployment ${show(region)}; make them agree`,
          ),
        ]),
  ];
}

interface Part {
  readonly value: unknown;
  readonly file: YamlFile;
  readonly at: readonly string[];
}

function cloudOf(file: YamlFile): Part {
  const { cloud = {} } = file.value as { cloud?: unknown };
  return { value: cloud, file, at: ["cloud"] };
}

/** Newer versions of DKP take the prefix from the settings of the module `global`. */
function globalSettingsOf(file: YamlFile): readonly Part[] {
  const { metadata, spec } = file.value as { metadata?: { name?: unknown }; spec?: { settings?: unknown } };
  return metadata?.name === "global" ? [{ value: spec?.settings ?? {}, file, at: ["spec", "settings"] }] : [];
}

/** DKP wants exactly one of the two. */
function vpcErrors(path: string, { value }: YamlFile): readonly FieldError[] {
  const given = ["vpcNetworkCIDR", "existingVPCID"].filter((field) => (value as Record<string, unknown>)[field] !== undefined);
  return given.length === 1
    ? []
    : [
        fieldError(
          `${show(path)} has ${given.length === 0 ? "neither vpcNetworkCIDR nor" : "both vpcNetworkCIDR and"} existingVPCID, DKP takes exactly one of them`,
        ),
      ];
}

function fieldError(message: string): FieldError {
  return { path: ["cluster", "configFile"], message };
}

function locate(error: FieldError, file: YamlFile, above: readonly string[] = []): FieldError {
  const path = [...above, ...error.path];
  return { ...error, path, line: file.lineOf(path) };
}

function inFile(file: string, { line, path, message }: FieldError): FieldError {
  const location = [file, line === undefined ? "" : `line ${line}`, path.map(showSegment).join(".")]
    .filter((part) => part !== "")
    .join(", ");
  return fieldError(`${location}: ${message}`);
}
