import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { committedLock } from "../../../app";
import type { Deployment } from "../../../settings/deployment";
import { readTextFile } from "../../../text/files";
import { type Reviewed, reviewed } from "../../review/reviewed";
import { terraformJson } from "../../terraform/configuration";
import type { Session } from "./session";

/** A deployment with what its review pack states. */
export const reviewOf = (deployment: Deployment): Reviewed => reviewed(deployment, terraformJson(deployment));

/** Checks the folder of the review packs that an option names. @throws Error if it cannot be one */
export function requirePackFolder(session: Session, option: string, folder: string): void {
  if (folder === "" || resolve(folder) === resolve(session.settings)) {
    throw new Error(`${option}: "${folder}" is not a folder for review packs; name another folder, for example ${option} review`);
  }
}

/** The committed provider lock of a stack; undefined if there is none. */
export function lockOf(stack: string): string | undefined {
  const file = committedLock(stack);
  return existsSync(file) ? readTextFile(file) : undefined;
}
