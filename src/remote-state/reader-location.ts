import type { Construct } from "constructs";
import { backendType } from "./backend-types";
import { fromStackFolder } from "./stack-folder";
import type { BackendArguments, StateLocation } from "./state-location";

/** Arguments that only a writer needs. Terraform takes them from readers too, but older ones don't know the newer of them. */
const FOR_WRITERS: readonly string[] = ["acl", "dynamodb_endpoint", "dynamodb_table", "encrypt", "kms_key_id", "use_lockfile"];

/**
 * Where another stack of the same program reads the state of a deployment.
 * @throws Error where `-backend-config` or a choice of workspaces leaves open which state it is
 */
export function readerLocation(
  scope: Construct,
  { stack, state }: { readonly stack: string; readonly state: StateLocation },
): StateLocation {
  const missing = (backendType(state.type)?.required ?? []).filter((argument) => state.arguments[argument] === undefined);
  if (missing.length > 0) {
    throw new Error(
      `${scope.node.path}: the settings of ${stack} leave ${missing.join(" and ")} of its backend ${state.type} to -backend-config; read it with new AccessState and all arguments`,
    );
  }
  if (state.type === "cloud" || state.type === "remote") {
    return { type: "remote", arguments: { ...state.arguments, workspaces: workspaceOf(scope, stack, state.arguments) } };
  }
  const given = state.type === "local" ? fromStackFolder(scope, state.arguments, process.cwd()) : state.arguments;
  return {
    type: state.type,
    arguments: Object.fromEntries(Object.entries(given).filter(([name]) => !FOR_WRITERS.includes(name))),
  };
}

/** The one workspace that a reader takes: a data source knows neither tags nor projects. */
function workspaceOf(scope: Construct, stack: string, { workspaces }: BackendArguments): { readonly name: string } {
  const { name } = (workspaces ?? {}) as { readonly name?: string };
  if (name === undefined) {
    throw new Error(
      `${scope.node.path}: the settings of ${stack} choose the workspace at run time; read it with new AccessState and workspaces: { name }`,
    );
  }
  return { name };
}
