import { TerraformBackend, type TerraformRemoteState } from "cdktf";
import type { Construct } from "constructs";
import type { BackendArguments, StateLocation } from "../terraform/state-location";
import { errorsInOutputFolder, fromStackFolder } from "./local-state-path";

/**
 * The `backend` or `cloud` block of a stack, for every type that Terraform knows: arguments go through as they are.
 * CDKTF's own classes lack types and arguments, and its `CloudBackend` runs a Terraform binary at synth.
 */
export class StateBackend extends TerraformBackend {
  private readonly arguments: BackendArguments;

  /** @param projectRoot the folder that the path of a `local` state is relative to */
  constructor(scope: Construct, { type, arguments: given }: StateLocation, projectRoot: string) {
    super(scope, "backend", type);
    this.arguments = type === "local" ? fromStackFolder(scope, given, projectRoot) : given;
    if (type === "local") {
      this.node.addValidation({ validate: () => errorsInOutputFolder(scope, given, projectRoot) });
    }
  }

  override toTerraform(): object {
    return { terraform: this.name === "cloud" ? { cloud: this.arguments } : { backend: { [this.name]: this.arguments } } };
  }

  override toHclTerraform(): object {
    return this.toTerraform();
  }

  override toMetadata(): object {
    const { hostname = "app.terraform.io" } = this.arguments;
    const hosted = ["cloud", "remote"].includes(this.name);
    // The CDKTF command reads `cloud` to know that runs are shown by HCP Terraform or Terraform Enterprise.
    return { backend: this.name, ...(hosted ? { cloud: hostname === "app.terraform.io" ? "tfc" : "tfe" } : {}) };
  }

  /** Not offered: readers use the documented outputs, whose names last. */
  override getRemoteStateDataSource(): TerraformRemoteState {
    throw new Error(
      "references between stacks are not supported; read the deployment's outputs, for example with AccessState.of",
    );
  }
}
