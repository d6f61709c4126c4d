import { backendType } from "./backend-types";
import type { ArgumentValue, BackendArguments, StateLocation } from "./state-location";

/** What `data "terraform_remote_state"` wants to know of a state. */
export interface StateReading {
  readonly backend: string;
  readonly config: BackendArguments;
  /** Arguments that the reader must add, since the deployment leaves them to `-backend-config`. */
  readonly missing: readonly string[];
}

/**
 * How another workspace reads a deployment's state: where it is, without what only its writer needs (locks, encryption, credentials).
 * A `cloud` block is read as `remote`. A `local` path starts from the reader's own folder.
 */
export function stateReading({ type, arguments: given }: StateLocation): StateReading {
  const { identity = {}, reach = [], required = [] } = backendType(type) ?? {};
  const wanted = [...new Set([...Object.keys(identity), ...reach])].sort();
  const config = Object.fromEntries(wanted.flatMap((name) => argument(name, given[name])));
  const missing = required.filter((name) => config[name] === undefined);
  return { backend: type === "cloud" ? "remote" : type, config, missing };
}

function argument(name: string, value: ArgumentValue | undefined): readonly (readonly [string, ArgumentValue])[] {
  if (value === undefined) {
    return [];
  }
  if (name !== "workspaces") {
    return [[name, value]];
  }
  // A reader names one workspace; tags and projects only choose among them for whoever writes.
  const { name: workspace, prefix } = value as { readonly name?: string; readonly prefix?: string };
  return workspace === undefined && prefix === undefined
    ? []
    : [[name, workspace === undefined ? { prefix: prefix ?? "" } : { name: workspace }]];
}
