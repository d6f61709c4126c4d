import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { OUTPUTS, type OutputName } from "../terraform/outputs";

export interface AccessOutputsProps {
  /** Values by output name; what is absent or undefined becomes no output. */
  readonly values: Readonly<Partial<Record<OutputName, string | undefined>>>;
}

/** Outputs whose values Terraform must not print. */
const SENSITIVE: readonly OutputName[] = ["secret_access_key"];

/** The outputs that other workspaces read. */
export class AccessOutputs extends Construct {
  constructor(scope: Construct, id: string, props: AccessOutputsProps) {
    super(scope, id);
    for (const name of Object.keys(OUTPUTS) as OutputName[]) {
      const value = props.values[name];
      if (value !== undefined) {
        new TerraformOutput(this, name, {
          value,
          description: OUTPUTS[name],
          ...(SENSITIVE.includes(name) ? { sensitive: true } : {}),
        });
      }
    }
  }
}
