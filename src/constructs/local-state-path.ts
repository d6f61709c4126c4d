import { join, relative, resolve } from "node:path";
import { App, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { BackendArguments } from "../terraform/state-location";
import { isInside, physicalPath } from "../text/files";

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

/**
 * Why a `local` backend cannot have its paths, because the app rewrites and deletes its output folder. The settings do not know which one
 * the app has.
 */
export function errorsInOutputFolder(scope: Construct, given: BackendArguments, projectRoot: string): string[] {
  const { outdir } = App.of(scope);
  return ["path", "workspace_dir"].flatMap((argument) => {
    const path = given[argument];
    return typeof path === "string" && isInside(resolve(physicalPath(projectRoot), path), physicalPath(outdir))
      ? [
          `backend.local.${argument}: ${JSON.stringify(path)} lies in ${outdir}, which is rewritten and deleted freely; choose a path outside it`,
        ]
      : [];
  });
}
