import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { OUTPUTS, type OutputName } from "../terraform/outputs";

export interface AccessOutputsProps {
  /** The values by output name. An output without a value is absent. */
  readonly values: Readonly<Partial<Record<OutputName, string | readonly string[] | undefined>>>;
}

/** Outputs whose values Terraform must not print. */
const SENSITIVE: readonly OutputName[] = ["secret_access_key"];

/**
 * The outputs that other workspaces read. They are children of the scope, not of this construct, so that
 * `cdktf deploy --outputs-file` writes them directly below the name of the stack.
 */
export class AccessOutputs extends Construct {
  constructor(scope: Construct, id: string, { values }: AccessOutputsProps) {
    super(scope, id);
    for (const name of Object.keys(OUTPUTS) as OutputName[]) {
      const value = values[name];
      if (value !== undefined) {
        new TerraformOutput(scope, name, {
          value,
          description: OUTPUTS[name],
          ...(SENSITIVE.includes(name) ? { sensitive: true } : {}),
        });
      }
    }
  }
}
