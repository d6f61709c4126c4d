import { Token } from "cdktf";
import type { Construct } from "constructs";
import type { TextRule } from "../iam/limits";
import { visible } from "../text/printable";

/**
 * Rejects a property of a construct by the rule of the settings. A reference passes.
 * @throws Error with construct, property, value and rule
 */
export function check(
  construct: Construct,
  property: string,
  value: string,
  { pattern, reason }: TextRule,
): void {
  if (!pattern.test(value) && !Token.isUnresolved(value)) {
    throw new Error(
      `${construct.node.path}: ${property}: ${visible(JSON.stringify(value))} ${reason}`,
    );
  }
}
