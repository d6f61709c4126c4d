import { relative, resolve } from "node:path";
import { App, TerraformBackend, type TerraformRemoteState, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { BackendArguments, StateLocation } from "./state-location";

export interface StateBackendProps {
  readonly location: StateLocation;
  /** The folder that the path of a `local` state is relative to. */
  readonly projectRoot: string;
}

/**
 * The `backend` or `cloud` block of a stack, for every type that Terraform knows: arguments go through as they are.
 * CDKTF's own classes lack types and arguments, and its `CloudBackend` runs a Terraform binary at synth.
 */
export class StateBackend extends TerraformBackend {
  private readonly location: StateLocation;

  constructor(scope: Construct, props: StateBackendProps) {
    super(scope, "backend", props.location.type);
    this.location = props.location.type === "local" ? fromStackFolder(scope, props) : props.location;
  }

  override toTerraform(): object {
    return this.render(this.synthesizeAttributes());
  }

  override toHclTerraform(): object {
    return this.render(this.synthesizeHclAttributes());
  }

  override toMetadata(): object {
    const { hostname = "app.terraform.io" } = this.location.arguments;
    const hosted = ["cloud", "remote"].includes(this.name);
    // The CDKTF command reads `cloud` to know that runs are shown by HCP Terraform or Terraform Enterprise.
    return { backend: this.name, ...(hosted ? { cloud: hostname === "app.terraform.io" ? "tfc" : "tfe" } : {}) };
  }

  /** Not offered: readers use the documented outputs, whose names last. */
  override getRemoteStateDataSource(): TerraformRemoteState {
    throw new Error("references between stacks are not supported; read the outputs of the deployment's state instead");
  }

  protected override synthesizeAttributes(): BackendArguments {
    return this.location.arguments;
  }

  protected override synthesizeHclAttributes(): BackendArguments {
    return this.location.arguments;
  }

  private render(attributes: BackendArguments): object {
    return { terraform: this.name === "cloud" ? { cloud: attributes } : { backend: { [this.name]: attributes } } };
  }
}

/** Terraform runs in the stack's folder, so a path that means the project's root is turned to start from there. */
function fromStackFolder(scope: Construct, { location, projectRoot }: StateBackendProps): StateLocation {
  const stackFolder = resolve(App.of(scope).outdir, "stacks", TerraformStack.of(scope).node.id);
  const fromThere = (path: string) => relative(stackFolder, resolve(projectRoot, path)).replaceAll("\\", "/");
  const { path, workspace_dir } = location.arguments;
  return {
    type: location.type,
    arguments: {
      ...location.arguments,
      ...(typeof path === "string" ? { path: fromThere(path) } : {}),
      ...(typeof workspace_dir === "string" ? { workspace_dir: fromThere(workspace_dir) } : {}),
    },
  };
}
