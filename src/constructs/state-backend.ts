import { join, relative, resolve } from "node:path";
import { App, TerraformBackend, type TerraformRemoteState, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { BackendArguments, StateLocation } from "../terraform/state-location";
import { isInside, physicalPath } from "../text/files";
import { ReportedError } from "../text/printable";

/**
 * The `backend` or `cloud` block of a stack, for every type that Terraform knows: arguments go
 * through as they are. CDKTF's own classes lack types and arguments, and its `CloudBackend` runs a
 * Terraform binary at synth.
 */
export class StateBackend extends TerraformBackend {
  private readonly arguments: BackendArguments;

  constructor(scope: Construct, { type, arguments: given }: StateLocation) {
    super(scope, "backend", type);
    this.arguments = type === "local" ? fromStackFolder(scope, given) : given;
  }

  override toTerraform(): object {
    return {
      terraform:
        this.name === "cloud"
          ? { cloud: this.arguments }
          : { backend: { [this.name]: this.arguments } },
    };
  }

  override toHclTerraform(): object {
    return this.toTerraform();
  }

  override toMetadata(): object {
    const { hostname = "app.terraform.io" } = this.arguments;
    const hosted = ["cloud", "remote"].includes(this.name);
    // The CDKTF command reads `cloud` to know that HCP Terraform or Terraform Enterprise shows
    // runs.
    return {
      backend: this.name,
      ...(hosted ? { cloud: hostname === "app.terraform.io" ? "tfc" : "tfe" } : {}),
    };
  }

  /** Not offered: readers use the documented outputs, whose names last. */
  override getRemoteStateDataSource(): TerraformRemoteState {
    throw new Error(
      "references between stacks are not supported; read the deployment's outputs with AccessState",
    );
  }
}

/**
 * Terraform runs in the stack's folder, so that its paths start there.
 * @throws Error if one is in the output folder, which the settings do not know
 */
function fromStackFolder(scope: Construct, given: BackendArguments): BackendArguments {
  const { outdir } = App.of(scope);
  const stack = TerraformStack.of(scope).node.id;
  // Terraform starts from the folder itself, whatever symbolic link leads to it.
  const stackFolder = physicalPath(join(outdir, "stacks", stack));
  const root = physicalPath(".");
  const fromThere = (name: string, path: string) => {
    if (isInside(physicalPath(resolve(root, path)), physicalPath(outdir))) {
      throw new ReportedError(
        `${stack}: backend.local.${name}: ${JSON.stringify(path)} is in the output folder ` +
          `${outdir}, which is generated; write a path outside of it`,
      );
    }
    return relative(stackFolder, resolve(root, path)).replaceAll("\\", "/");
  };
  // The backend has two arguments, `path` and `workspace_dir`: both are paths.
  const turned = Object.entries(given).map(([name, path]) => [
    name,
    typeof path === "string" ? fromThere(name, path) : path,
  ]);
  return Object.fromEntries(turned);
}
