import { Token } from "cdktf";
import type { Construct } from "constructs";
import { visible } from "../text/printable";

/**
 * Rejects a property of a construct by the rule of the settings. A reference has a value only in Terraform, and passes.
 * @param error why the value violates its rule, as a continuation of `"VALUE" ...`
 * @throws Error with construct, property, value and rule
 */
export function check(construct: Construct, property: string, value: string, error: string | undefined): void {
  if (error !== undefined && !Token.isUnresolved(value)) {
    throw new Error(`${construct.node.path}: ${property}: ${visible(JSON.stringify(value))} ${error}`);
  }
}
