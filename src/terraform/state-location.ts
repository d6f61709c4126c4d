import { posix } from "node:path";
import { physicalPath } from "../text/files";
import { backendType } from "./backends";

/** What Terraform takes as the value of a backend argument. */
export type ArgumentValue =
  | string
  | number
  | boolean
  | readonly ArgumentValue[]
  | { readonly [name: string]: ArgumentValue };

export type BackendArguments = Readonly<Record<string, ArgumentValue>>;

/**
 * Where a deployment's state lives: a backend type of Terraform, or `cloud`, with the arguments in
 * Terraform's spelling.
 */
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
 * Arguments that are one path together, where `dkp` and `dkp/` are the same. Source:
 * `stateFile` of `cos`, `gcs` and `oss` in Terraform 1.11,
 * https://github.com/hashicorp/terraform/tree/v1.11.4/internal/backend/remote-state
 */
const JOINED: Readonly<Record<string, readonly string[]>> = {
  cos: ["prefix", "key"],
  gcs: ["prefix"],
  local: ["path"],
  oss: ["prefix", "key"],
};

/** Equal for equal paths, however they are written. */
function joined(type: string, values: readonly (ArgumentValue | undefined)[]): string {
  const path = posix.join(...values.map(String));
  return type === "local" ? physicalPath(path) : path.replace(/^\/+|\/$/g, "");
}

/**
 * The one state that a location means, as a text to compare: equal texts are one state.
 * Undefined where it cannot be known, since an identifying argument comes from elsewhere.
 *
 * @param partial whether arguments that are absent may come from `-backend-config`
 */
export function stateAddress(
  { type, arguments: given }: StateLocation,
  partial: boolean,
): string | undefined {
  const identity = Object.entries(backendType(type)?.identity ?? {});
  // Names are unique in an organization, whatever the project. Tags only choose among workspaces at
  // run time.
  const { prefix, name = prefix && `${prefix}*` } = (given.workspaces ?? {}) as Partial<
    Record<"name" | "prefix", string>
  >;
  // Endpoints of S3-compatible stores are taken to be in the settings if there are any.
  const stores = type === "s3" ? { endpoint: "", endpoints: "" } : {};
  const known: Readonly<Record<string, ArgumentValue | undefined>> = {
    ...stores,
    ...given,
    workspaces: name,
  };
  const values = identity.map(
    ([argument, fallback]) =>
      [argument, known[argument] ?? (partial ? undefined : fallback)] as const,
  );
  if (values.length === 0 || values.some(([, value]) => value === undefined)) {
    return undefined;
  }
  const names = JOINED[type] ?? [];
  const path = values.filter(([name]) => names.includes(name)).map(([, value]) => value);
  const others = values.filter(([name]) => !names.includes(name)).map(([, value]) => value);
  return JSON.stringify([type, ...others, joined(type, path)]);
}
