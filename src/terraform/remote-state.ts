import { backendType, requiredArguments } from "./backends";
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
  const backend = backendType(type);
  const wanted = [...Object.keys(backend?.identity ?? {}), ...(backend?.reach ?? [])].sort();
  const config = Object.fromEntries(
    wanted.flatMap((name) => {
      const value = name === "workspaces" ? oneWorkspace(given[name]) : given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const missing = backend === undefined ? [] : requiredArguments(backend).filter((name) => config[name] === undefined);
  return { backend: type === "cloud" ? "remote" : type, config, missing };
}

/** A reader takes one workspace; prefixes, tags and projects only choose among them at run time. */
function oneWorkspace(workspaces: ArgumentValue | undefined): ArgumentValue | undefined {
  const { name } = (workspaces ?? {}) as { readonly name?: string };
  return name === undefined ? undefined : { name };
}

/** The hosts and organizations that a state is sent to, by the name of their argument: `endpoints.s3`. */
export function destinationsOf({ type, arguments: given }: StateLocation): readonly (readonly [string, ArgumentValue])[] {
  const names = backendType(type)?.destinations?.match(/\S+/g) ?? [];
  return names.flatMap((name) => {
    const value = name.split(".").reduce<unknown>((outer, key) => (outer as BackendArguments | undefined)?.[key], given);
    return value === undefined ? [] : [[name, value as ArgumentValue] as const];
  });
}
