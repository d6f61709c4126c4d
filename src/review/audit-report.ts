import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { StateLocation } from "../remote-state/state-location";
import { type Finding, secretsInClear } from "./audit";
import { isSavedPlan, pullState, readStateOrPlan } from "./terraform";

/** What one state or plan holds. */
export interface Report {
  readonly source: string;
  readonly findings: readonly Finding[];
}

/** A file that may be a state, a plan as JSON, or a saved plan. @throws Error if it is none of them */
export async function auditFile(file: string): Promise<Report> {
  return { source: file, findings: secretsInClear(parse(file, await readStateOrPlan(file))) };
}

/** A stack's state, and what Terraform left of it in its folder and beside a `local` state: states, backups and plans. */
export async function auditStack(folder: string, state: StateLocation): Promise<readonly Report[]> {
  const pulled = await pullState(folder);
  const reports = [{ source: "state", findings: secretsInClear(parse("state", pulled)) }];
  for (const file of leftovers(folder, state)) {
    reports.push(await auditFile(file));
  }
  return reports;
}

function leftovers(folder: string, state: StateLocation): readonly string[] {
  const inFolder = readdirSync(folder, { recursive: true, withFileTypes: true })
    // Inside .terraform are providers, and which backend is in use.
    .filter((entry) => entry.isFile() && !relative(folder, entry.parentPath).split(/[\\/]/).includes(".terraform"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => STATE_FILE.test(file) || isSavedPlan(readFileSync(file)));
  const path = state.type === "local" ? state.arguments.path : undefined;
  if (typeof path !== "string") {
    return inFolder.sort();
  }
  const local = resolve(path);
  const beside = readdirSync(dirname(local))
    .filter((name) => name.startsWith(`${basename(local)}.`) && STATE_FILE.test(name))
    .map((name) => relative(".", join(dirname(local), name)));
  return [...inFolder, ...beside].sort();
}

/** States, backups of all kinds and what could not be sent to the backend. */
const STATE_FILE = /\.tfstate(\.\d+)?(\.backup)?$/;

/** Reads a state or a plan. An empty text is a state that has never been written. */
function parse(source: string, json: string): unknown {
  let document: unknown;
  try {
    document = json.trim() === "" ? { terraform_version: "" } : JSON.parse(json);
  } catch {
    throw notOurs(source);
  }
  // What both have; a file that is neither would pass unread.
  if (typeof document !== "object" || document === null || !("terraform_version" in document)) {
    throw notOurs(source);
  }
  return document;
}

function notOurs(source: string): Error {
  return new Error(`${source}: is neither a Terraform state nor a plan; a plan is a file that terraform plan -out=FILE wrote`);
}
