import { backendType } from "./backends";
import type { ArgumentValue, BackendArguments, StateLocation } from "./state-location";

/** What `terraform_remote_state` wants to know of a state. */
export interface StateReading {
  readonly backend: string;
  readonly config: BackendArguments;
  /** Arguments that the reader must add, since the deployment leaves them to `-backend-config` or to run time. */
  readonly missing: readonly string[];
}

/**
 * How others read a deployment's state: where it is, without what only its writer needs (locks, encryption, credentials).
 * A `cloud` block is read as `remote`. A `local` path is as the settings have it.
 */
export function stateReading({ type, arguments: given }: StateLocation): StateReading {
  const { identity = {}, reach = [], required = [] } = backendType(type) ?? {};
  const wanted = [...new Set([...Object.keys(identity), ...reach])].sort();
  const config = Object.fromEntries(
    wanted.flatMap((name) => {
      const value = name === "workspaces" ? oneWorkspace(given[name]) : given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const missing = required.filter((name) => config[name] === undefined);
  return { backend: type === "cloud" ? "remote" : type, config, missing };
}

/** A reader takes one workspace; prefixes, tags and projects only choose among them at run time. */
function oneWorkspace(workspaces: ArgumentValue | undefined): ArgumentValue | undefined {
  const { name } = (workspaces ?? {}) as { readonly name?: string };
  return name === undefined ? undefined : { name };
}
