import { normalize } from "node:path";
import { backendType, requiredArguments } from "./backends";

/** What Terraform takes as the value of a backend argument. */
export type ArgumentValue = string | number | boolean | readonly ArgumentValue[] | { readonly [name: string]: ArgumentValue };

export type BackendArguments = Readonly<Record<string, ArgumentValue>>;

/** Where a deployment's state lives: a backend type of Terraform, or `cloud`, with the arguments in Terraform's spelling. */
export interface StateLocation {
  readonly type: string;
  readonly arguments: BackendArguments;
}

/** Arguments of a backend that this project sets where the deployment does not. */
export function defaultArguments(stack: string, type: string): BackendArguments {
  const defaults: Readonly<Record<string, BackendArguments>> = {
    s3: { encrypt: true, key: `${stack}/terraform.tfstate`, use_lockfile: true },
    local: { path: `terraform.${stack}.tfstate` },
  };
  return defaults[type] ?? {};
}

/**
 * The one state that a location means, as a text to compare: equal texts are one state.
 * Undefined where it cannot be known, since an identifying argument comes from elsewhere.
 *
 * @param partial whether arguments that are absent may come from `-backend-config`
 */
export function stateAddress({ type, arguments: given }: StateLocation, partial: boolean): string | undefined {
  // Endpoints of S3-compatible stores are taken to be in the settings if there are any.
  const identity = Object.entries(backendType(type)?.identity ?? {});
  const known: BackendArguments = type === "s3" ? { ...given, endpoint: s3Endpoint(given) ?? "", endpoints: "" } : given;
  const values = identity.map(([name, fallback]) => canonical(type, name, known[name] ?? (partial ? undefined : fallback)));
  if (identity.length === 0 || values.includes(undefined)) {
    return undefined;
  }
  // `cloud` and `remote` are two ways to the same workspaces.
  return JSON.stringify([type === "remote" ? "cloud" : type, ...values]);
}

/** The endpoint of a state in S3, if the settings name one: `endpoints.s3` is the newer spelling of `endpoint`. */
export function s3Endpoint({ endpoint, endpoints }: BackendArguments): string | undefined {
  const { s3 = endpoint } = (endpoints ?? {}) as BackendArguments;
  return typeof s3 === "string" ? s3 : undefined;
}

/** An address as a URL; one without a scheme has HTTPS. Undefined for what is no address. */
export function urlOf(address: string): URL | undefined {
  const url = /^[a-z]+:\/\//i.test(address) ? address : `https://${address}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** Arguments that are addresses of servers. */
const ADDRESSES: readonly string[] = ["address", "endpoint", "host", "hostname"];

/** An identifying argument in the one way that all its spellings have in common. */
function canonical(type: string, name: string, value: ArgumentValue | undefined): ArgumentValue | undefined {
  if (name === "workspaces") {
    const { name: workspace, prefix } = (value ?? {}) as { name?: string; prefix?: string };
    // Names are unique in an organization, whatever the project. Tags only choose among workspaces at run time.
    return workspace ?? (prefix === undefined ? undefined : `${prefix}*`);
  }
  if (type === "local" && typeof value === "string") {
    return normalize(value);
  }
  if (ADDRESSES.includes(name) && typeof value === "string") {
    // A URL has its scheme and host in lower case, and no default port.
    return urlOf(value)?.href ?? value;
  }
  // Terraform takes slashes at both ends off the prefix.
  return type === "gcs" && name === "prefix" && typeof value === "string" ? value.replaceAll(/^\/+|(?<!\/)\/+$/g, "") : value;
}

/**
 * How others read a deployment's state with `terraform_remote_state`: where it is, without what only its writer needs (locks, encryption, credentials).
 * A `cloud` block is read as `remote`. A `local` path is as the settings have it.
 * @returns also the arguments that the reader must add, since the deployment leaves them to `-backend-config` or to run time
 */
export function stateReading({ type, arguments: given }: StateLocation) {
  const backend = backendType(type);
  const names = [...Object.keys(backend?.identity ?? {}), ...(backend?.reach ?? [])].sort();
  // A reader takes one workspace; prefixes, tags and projects only choose among them at run time.
  const { name: workspace } = (given.workspaces ?? {}) as { readonly name?: string };
  const workspaces = workspace === undefined ? undefined : { name: workspace };
  const config = Object.fromEntries(
    names.flatMap((name) => {
      const value = name === "workspaces" ? workspaces : given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const missing = backend === undefined ? [] : requiredArguments(backend).filter((name) => config[name] === undefined);
  return { backend: type === "cloud" ? "remote" : type, config, missing };
}
