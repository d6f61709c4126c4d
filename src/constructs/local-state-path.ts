import { join, relative, resolve } from "node:path";
import { App, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { BackendArguments } from "../terraform/state-location";
import { physicalPath } from "../text/files";

/**
 * Arguments of a `local` backend with their paths turned to start from the stack's folder, where Terraform runs.
 * @param projectRoot the folder that the paths are relative to
 */
export function fromStackFolder(scope: Construct, given: BackendArguments, projectRoot: string): BackendArguments {
  // Terraform starts from the folder itself, whatever symbolic link leads to it.
  const stackFolder = physicalPath(join(App.of(scope).outdir, "stacks", TerraformStack.of(scope).node.id));
  const root = physicalPath(projectRoot);
  const fromThere = (path: string) => relative(stackFolder, resolve(root, path)).replaceAll("\\", "/");
  const { path, workspace_dir } = given;
  return {
    ...given,
    ...(typeof path === "string" ? { path: fromThere(path) } : {}),
    ...(typeof workspace_dir === "string" ? { workspace_dir: fromThere(workspace_dir) } : {}),
  };
}
