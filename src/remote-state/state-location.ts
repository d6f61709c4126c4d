import { normalize } from "node:path";
import { BACKEND_TYPES } from "./backend-types";

/** What Terraform takes as the value of a backend argument. */
export type ArgumentValue = string | number | boolean | readonly ArgumentValue[] | { readonly [name: string]: ArgumentValue };

export type BackendArguments = Readonly<Record<string, ArgumentValue>>;

/** Where a deployment's state lives: a backend type of Terraform, or `cloud`, with the arguments in Terraform's spelling. */
export interface StateLocation {
  readonly type: string;
  readonly arguments: BackendArguments;
}

/** Arguments that are on unless the deployment says otherwise. */
export function withDefaults(stack: string, { type, arguments: given }: StateLocation): StateLocation {
  const defaults: Readonly<Record<string, BackendArguments>> = {
    s3: { encrypt: true, key: `${stack}/terraform.tfstate`, use_lockfile: true },
    local: { path: `terraform.${stack}.tfstate` },
  };
  return { type, arguments: { ...defaults[type], ...given } };
}

/**
 * The one state that a location means, as a text to compare: equal texts are one state.
 * Undefined where it can't be known, since an identifying argument comes from elsewhere (`-backend-config`, environment).
 */
export function stateAddress({ type, arguments: given }: StateLocation): string | undefined {
  const identity = Object.entries(BACKEND_TYPES[type]?.identity ?? {});
  const values = identity.map(([name, fallback]) =>
    name === "path" ? normalize(String(given[name] ?? fallback)) : (given[name] ?? fallback),
  );
  if (identity.length === 0 || values.includes(undefined)) {
    return undefined;
  }
  // `cloud` and `remote` are two ways to the same workspaces.
  const space = type === "remote" ? "cloud" : type;
  return JSON.stringify([space, ...values]);
}
