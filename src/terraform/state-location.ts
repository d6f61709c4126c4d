import { normalize } from "node:path";
import { backendType } from "./backends";

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
 * Undefined where it can't be known, since an identifying argument comes from elsewhere.
 *
 * @param partial whether arguments that are absent may come from `-backend-config`
 */
export function stateAddress({ type, arguments: given }: StateLocation, partial: boolean): string | undefined {
  // Endpoints of S3-compatible stores are taken to be in the settings if there are any.
  const identity = Object.entries(backendType(type)?.identity ?? {});
  const values = identity.map(([name, fallback]) =>
    canonical(type, name, given[name] ?? (partial && !name.startsWith("endpoint") ? undefined : fallback)),
  );
  if (identity.length === 0 || values.includes(undefined)) {
    return undefined;
  }
  // `cloud` and `remote` are two ways to the same workspaces.
  return JSON.stringify([type === "remote" ? "cloud" : type, ...values]);
}

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
  // Terraform takes slashes at both ends off the prefix.
  return type === "gcs" && name === "prefix" && typeof value === "string" ? value.replaceAll(/^\/+|(?<!\/)\/+$/g, "") : value;
}
