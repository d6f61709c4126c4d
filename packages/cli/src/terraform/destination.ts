import { existsSync } from "node:fs";
import { join } from "node:path";
import { argumentsOf, backendType } from "../../../../src/terraform/backends";
import { readTextFile } from "../../../../src/text/files";
import { isObject, objectOf, parseJson, textOf } from "../../../../src/text/json";

export interface Destination {
  /** The type of the backend, or `cloud`; `none` before `terraform init`. */
  readonly type: string;
  /** By path, `assume_role.role_arn`, as texts. */
  readonly arguments: ReadonlyMap<string, string>;
  /** Undefined in settings that leave it to the run, by a prefix or tags. */
  readonly workspace: string | undefined;
}

/**
 * Where the settings send the state.
 * @param configuration `cdk.tf.json`
 * @throws Error if it is not whole
 */
export function configuredDestination(configuration: unknown): Destination {
  if (!isObject(configuration)) {
    throw new Error("cdk.tf.json: another command is writing it; run one command at a time");
  }
  const { backend, cloud } = objectOf(configuration.terraform);
  const [[type, config] = ["", {}]] = Object.entries(objectOf(backend ?? { cloud }));
  const configured = flattened(config);
  const isChosen = type === "cloud" || configured.has("workspaces.prefix");
  return {
    type,
    arguments: configured,
    workspace: isChosen ? configured.get("workspaces.name") : "default",
  };
}

/**
 * What `terraform init` wrote into the data folder. Source: the package `command/workdir` of
 * Terraform 1.10 to 1.15, and of OpenTofu 1.10.
 */
export function initializedDestination(dataFolder: string, workspace: string): Destination {
  const file = join(dataFolder, "terraform.tfstate");
  const { backend } = objectOf(existsSync(file) ? parseJson(readTextFile(file)) : undefined);
  const { type, config } = objectOf(backend);
  return { type: textOf(type) ?? "none", arguments: flattened(config), workspace };
}

/** Source: `WorkspaceOverridden` of Terraform's package `command`. */
export function selectedWorkspace(
  dataFolder: string,
  { TF_WORKSPACE }: Readonly<Record<string, string | undefined>>,
): { readonly workspace: string; readonly source: string } {
  const file = join(dataFolder, "environment");
  const selected = existsSync(file) ? readTextFile(file).trim() : "";
  return TF_WORKSPACE
    ? { workspace: TF_WORKSPACE, source: "TF_WORKSPACE" }
    : { workspace: selected || "default", source: file };
}

/** By path. A block may be a list of one; the order of texts does not count; null is not set. */
function flattened(value: unknown, path: readonly string[] = []): ReadonlyMap<string, string> {
  if (Array.isArray(value) && !value.some(isObject)) {
    return new Map(
      value.length === 0 ? [] : [[path.join("."), JSON.stringify(value.map(String).sort())]],
    );
  }
  const inner: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof inner === "object") {
    return new Map(
      Object.entries(inner ?? {}).flatMap(([name, item]) => [...flattened(item, [...path, name])]),
    );
  }
  return new Map([[path.join("."), String(inner)]]);
}

/** Where an initialized backend differs from the settings, and what it has in addition. */
export function destinationDifferences(
  initialized: Destination,
  configured: Destination,
): { readonly different: readonly string[]; readonly additional: readonly string[] } {
  const additional = [...initialized.arguments]
    .filter(([path]) => !configured.arguments.has(path))
    .map(([path, value]) =>
      meaningOf(initialized.type, path) === undefined ? path : `${path} = ${value}`,
    );
  const different = [
    ["backend", configured.type, initialized.type],
    ...[...configured.arguments].map(([path, value]) => [
      path,
      value,
      initialized.arguments.get(path) ?? "not set",
    ]),
  ]
    .filter(([, before, after]) => before !== after)
    .map(([what, before, after]) => `${what} ${before} -> ${after}`);
  return { different, additional };
}

/** Without the identity that reads and writes there, and what can be a secret. */
export function locationOf({ type, arguments: given, workspace }: Destination): {
  readonly type: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly workspace: string | undefined;
} {
  const location = [...given].filter(([path]) => meaningOf(type, path) === "exposure");
  return { type, arguments: Object.fromEntries(location), workspace };
}

/** Undefined for what settings may not have, which can be a secret. */
function meaningOf(type: string, path: string) {
  const known = argumentsOf(backendType(type) ?? { harmless: [], identity: {} });
  return known.get(path) ?? known.get(path.replace(/\.[^.]*$/, ".*"));
}

/**
 * Whether settings name another state than that of a folder.
 * @param isPartial whether arguments that the settings lack come from elsewhere
 */
export function isMoved(former: Destination, configured: Destination, isPartial: boolean): boolean {
  if (former.type === "none") {
    return false;
  }
  const defaults: Readonly<Record<string, string | undefined>> =
    backendType(configured.type)?.identity ?? {};
  const valueIn = ({ arguments: given }: Destination, path: string) =>
    given.get(path) ?? defaults[path];
  const paths = [...whereabouts(configured), ...(isPartial ? [] : whereabouts(former))].map(
    ([path]) => path,
  );
  return (
    former.type !== configured.type ||
    paths.some((path) => valueIn(former, path) !== valueIn(configured, path))
  );
}

/** Which state it is, and the host. */
function whereabouts({
  type,
  arguments: given,
}: Destination): readonly (readonly [path: string, value: string])[] {
  const backend = backendType(type);
  const names = [...Object.keys(backend?.identity ?? {}), ...(backend?.destinations ?? [])];
  return [...given].filter(
    ([path]) =>
      meaningOf(type, path) && names.some((name) => path === name || path.startsWith(`${name}.`)),
  );
}

export function destinationText(destination: Destination): string {
  const { type, workspace } = destination;
  const where = whereabouts(destination)
    .map(([path, value]) => `${path} ${value}`)
    .join(", ");
  const selected = (workspace ?? "default") === "default" ? "" : `, workspace ${workspace}`;
  return `${type}${where === "" ? "" : ` (${where})`}${selected}`;
}
