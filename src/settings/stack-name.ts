import type { FieldError } from "./errors";
import { show } from "./message-parts";

/** A stack name that CDKTF, Terraform and every file system accept unchanged. */
const STACK_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** No file can have one of these names on Windows, whatever its extension. Source: Microsoft, "Naming files, paths, and namespaces". */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/** @param remedy the end of the message */
export function stackNameErrors(stack: string, remedy: string): readonly FieldError[] {
  const rule = stackNameRule(stack);
  return rule === undefined ? [] : [{ path: [], message: `${show(stack)} can't be a stack name: ${rule}; ${remedy}` }];
}

/** The rule that a stack name breaks; undefined if it is valid. */
function stackNameRule(stack: string): string | undefined {
  if (!STACK_NAME.test(stack)) {
    return 'lower-case letters, digits and "-", first a letter, at most 63';
  }
  if (WINDOWS_DEVICE.test(stack)) {
    return "Windows has a device of that name, and no file";
  }
  // Constructs keep their children in a plain object.
  return stack in {} ? "CDKTF takes it for a part of its own" : undefined;
}
