import { existsSync } from "node:fs";
import { committedLock } from "../../../app";
import type { Deployment } from "../../../settings/deployment";
import { readTextFile } from "../../../text/files";
import { type Reviewed, reviewed } from "../../review/reviewed";
import { terraformJson } from "../../terraform/configuration";

/** A deployment with what its review pack states. */
export const reviewOf = (deployment: Deployment): Reviewed => reviewed(deployment, terraformJson(deployment));

/** The committed provider lock of a stack; undefined if there is none. */
export function lockOf(stack: string): string | undefined {
  const file = committedLock(stack);
  return existsSync(file) ? readTextFile(file) : undefined;
}
