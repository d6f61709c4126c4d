import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseBoundedJson } from "../../../terraform/bounded-json";
import type { StateLocation } from "../../../terraform/state-location";
import { isSavedPlan, pullState, showPlan, type TerraformCli } from "../../../terraform/terraform-cli";
import { backendCredentialsOfPlan } from "./plan-credentials";
import { type Finding, secretLines, secretsInPlaintext } from "./secret-search";

/** The findings in one file, or in a state that Terraform fetched. */
export interface Report {
  readonly source: string;
  readonly findings: readonly Finding[];
  /** Why it, or a part of it, could not be read; absent if all of it was read. */
  readonly unread?: string;
}

/** Limits, so that no file can exhaust the memory: bytes of a file, unpacked or not, and files of a folder. */
const MAX_BYTES = 2 ** 27;
const MAX_FILES = 10_000;

/** Downloaded code. Everything else of a stack's folder is read. */
const NOT_READ: readonly string[] = [join(".terraform", "providers"), join(".terraform", "modules")];

/** A state or a plan, saved or as JSON, or any other JSON, compressed with gzip or not. */
export async function auditFile(terraform: TerraformCli, file: string): Promise<Report> {
  return await audited(terraform, file, "document");
}

/** A stack's state, every file of its folder, and what lies beside a `local` state under its name. */
export async function auditStack(terraform: TerraformCli, folder: string, state: StateLocation): Promise<readonly Report[]> {
  const reports = [await auditPulledState(terraform, folder)];
  for (const file of [...filesOf(folder), ...besideLocalState(state)]) {
    reports.push(await audited(terraform, file, "any"));
  }
  return reports;
}

async function auditPulledState(terraform: TerraformCli, folder: string): Promise<Report> {
  try {
    return auditText("state", await pullState(terraform, folder), "document");
  } catch (error) {
    return unread("state", (error as Error).message);
  }
}

/**
 * What a file is expected to be. A `document` that is not JSON is reported as unread, so that a mistaken name is not taken for a
 * clean file.
 */
type Expected = "document" | "any";

async function audited(terraform: TerraformCli, file: string, expected: Expected): Promise<Report> {
  try {
    const content = unpacked(contentOf(file));
    if (!isSavedPlan(content)) {
      return auditText(file, content.toString("utf8"), expected);
    }
    const credentials = backendCredentialsOfPlan(content, MAX_BYTES);
    const { findings, ...shown } = auditText(file, await showPlan(terraform, dirname(file), basename(file)), "document");
    return { ...shown, findings: [...credentials, ...findings] };
  } catch (error) {
    return unread(file, (error as Error).message);
  }
}

function contentOf(file: string): Buffer {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new Error("is a symbolic link to nothing");
  }
  if (!stat.isFile()) {
    throw new Error(stat.isDirectory() ? "is a symbolic link to a folder, which is not followed" : "is not a regular file");
  }
  if (stat.size > MAX_BYTES) {
    throw new Error(`has ${stat.size} bytes, the audit reads at most ${MAX_BYTES}`);
  }
  return readFileSync(file);
}

function unpacked(content: Buffer): Buffer {
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  return isGzip ? gunzipSync(content, { maxOutputLength: MAX_BYTES }) : content;
}

/** An empty text is a state that has never been written. */
function auditText(source: string, text: string, expected: Expected): Report {
  const start = text.trimStart()[0] ?? "{";
  const document = jsonIn(text);
  if (document !== undefined) {
    const isEncrypted = typeof document === "object" && document !== null && "encrypted_data" in document;
    return isEncrypted
      ? unread(source, "is encrypted by OpenTofu; audit the state that tofu state pull prints")
      : { source, findings: secretsInPlaintext(document) };
  }
  const findings = secretLines(text);
  if (expected === "document" || start === "{" || start === "[") {
    const reason =
      "is neither a Terraform state nor a plan nor other JSON; name a file that terraform plan -out=FILE or state pull wrote";
    return { source, findings, unread: start === "{" || start === "[" ? "is JSON that is not complete or not valid" : reason };
  }
  return text.includes("\u0000") ? { source, findings, unread: "is in an unknown binary format" } : { source, findings };
}

/** The document of a text, `{}` of an empty one, undefined where it is not JSON. @throws RangeError if it is too large to be parsed */
function jsonIn(text: string): unknown {
  try {
    return text.trim() === "" ? {} : parseBoundedJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

function unread(source: string, reason: string): Report {
  return { source, findings: [], unread: reason };
}

/** Files and symbolic links of a folder and the folders in it. @throws Error if there are too many to read */
function filesOf(folder: string): readonly string[] {
  const files: string[] = [];
  const pending = [folder];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (!entry.isDirectory()) {
        files.push(below);
      } else if (!NOT_READ.includes(relative(folder, below))) {
        pending.push(below);
      }
    }
    if (files.length > MAX_FILES) {
      throw new Error(`${folder}: has more than ${MAX_FILES} files; remove what Terraform and this project did not write`);
    }
  }
  return files.sort();
}

/** Backups of a `local` state, whatever they are called: `x.tfstate.backup`, `x.tfstate.gz`, `x.tfstate~`. */
function besideLocalState(state: StateLocation): readonly string[] {
  const path = state.type === "local" ? state.arguments.path : undefined;
  if (typeof path !== "string") {
    return [];
  }
  const local = resolve(path);
  return readdirSync(dirname(local), { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name.startsWith(basename(local)) && entry.name !== basename(local))
    .map(({ name }) => relative(".", join(dirname(local), name)))
    .sort();
}
