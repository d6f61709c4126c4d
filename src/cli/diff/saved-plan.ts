import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { removeAbandoned, temporaryName } from "../../text/files";
import { type JsonObject, parseJson } from "../../text/json";
import { isNodeAttachment } from "../terraform/known-addresses";
import { atSignal } from "../terraform/signals";
import { allIn, readState, type StateResource } from "../terraform/state-file";
import { initProvider, runTerraform, type TerraformCli } from "../terraform/terraform-cli";
import { listOf, objectOf } from "../text/json";
import { differences } from "./json-values";
import { type PlanFiles, planFiles } from "./plan-archive";
import { configuredDestination, type Destination, destinationFindings, destinationOf, destinationText } from "./plan-destination";
import { readPlan } from "./plan-file";
import type { DiffFound } from "./rules";

/** What a plan must be generated from. */
export interface Expected {
  /** The files of the stack by name, with each content that is the configuration of the settings; undefined: the file may be absent. */
  readonly files: Readonly<Record<string, readonly (string | undefined)[]>>;
  /** The committed provider lock of the stack; undefined if there is none. */
  readonly lock: string | undefined;
  /** Whether the settings leave arguments of the backend to `-backend-config`. */
  readonly isPartial: boolean;
  /** The state as `terraform state pull` prints it. @default the plan's own state is not compared with it */
  readonly state?: string | undefined;
}

/** Whether a plan is of the settings: proven, not known, or what is to be known of its configuration and destination. */
export type Verification = "verified" | "unverified" | readonly DiffFound[];

export interface Verified {
  readonly verification: Verification;
  /** Where a saved plan writes the state, in a few words. */
  readonly destination?: string;
}

/** A plan, and where it is or was. */
export interface PlanFile {
  readonly file: string;
  readonly content: Buffer;
}

/** Whether a file is a saved plan, which is a zip archive. */
export function isSavedPlan(content: Buffer): boolean {
  return content.subarray(0, 4).toString("latin1") === "PK\u0003\u0004";
}

/**
 * A plan: a file that `terraform plan -out` wrote, or what `terraform show -json` printed, which carries no configuration. Undefined
 * for a saved plan that programs could read differently.
 * @throws Error with the remedy if the file is neither, or lacks parts of a plan
 */
export async function readGivenPlan(
  terraform: TerraformCli,
  { file, content }: PlanFile,
  expected: Expected,
): Promise<(Verified & { readonly plan: JsonObject }) | undefined> {
  if (!isSavedPlan(content)) {
    return { plan: readPlan(file, content.toString("utf8")), verification: "unverified" };
  }
  const verified = verifySavedPlan(content, expected);
  if (verified === undefined) {
    return undefined;
  }
  const configuration = Object.entries(expected.files).map(([name, [text]]) => [name, text] as const);
  const written = [...configuration, ["plan", content], [LOCK, expected.lock ?? verified.lock]] as const;
  // Terraform itself takes the providers of a data folder that does not depend on the working directory.
  const providers = resolve(dirname(file), terraform.dataFolder, "providers");
  const isLocked = expected.lock !== undefined && !isAbsolute(terraform.dataFolder) && existsSync(providers);
  const json = await shownApart(terraform, written, isLocked ? providers : undefined);
  return { ...verified, plan: readPlan(file, json) };
}

/**
 * The JSON of a saved plan. Terraform shows it in an empty temporary folder with the configuration of the settings, because it runs the
 * provider of the folder: never the one next to the plan, unless the committed lock has its checksum, which Terraform verifies.
 */
async function shownApart(
  terraform: TerraformCli,
  files: readonly (readonly [name: string, content: string | Buffer | undefined])[],
  providers: string | undefined,
): Promise<string> {
  removeAbandoned(tmpdir());
  const folder = join(tmpdir(), temporaryName("dkp-access-plan"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const show = async () => {
    mkdirSync(folder, { mode: 0o700 });
    for (const [name, content] of files) {
      if (content !== undefined) {
        writeFileSync(join(folder, name), content, { mode: 0o600 });
      }
    }
    await initProvider(terraform, folder, providers);
    return await runTerraform(terraform, folder, ["show", "-json", "plan"]);
  };
  return await atSignal(remove, () => show().finally(remove));
}

/** What a saved plan has besides its configuration. Source: Terraform's and OpenTofu's package `planfile`. */
const LOCK = ".terraform.lock.hcl";
const OTHER_FILES: readonly string[] = ["tfplan", "tfstate", "tfstate-prev", LOCK];

/** Where a saved plan has the files of its root module. */
const ROOT = "tfconfig/m-/";

/** The list of the modules in a saved plan, as Terraform and OpenTofu write it for a root module alone. */
const MODULES = { name: "tfconfig/modules.json", text: '[\n  {\n    "Key": "",\n    "Dir": "."\n  }\n]' };

/**
 * Whether a saved plan was generated from exactly these files, and writes the state where the settings say. The comparison of the
 * configuration is of bytes, because Terraform reads two keys of the same name in JSON as two blocks. This one rule covers providers,
 * backends, data sources, `removed`, `import`, `moved`, `check`, provisioners, lifecycle, outputs and modules. Tried with Terraform 1.11.4.
 */
export function verifySavedPlan(
  plan: Buffer,
  expected: Expected,
): (Verified & { readonly lock: Buffer | undefined }) | undefined {
  const contents = contentsOf(plan);
  if (contents === undefined) {
    return undefined;
  }
  const { files, planned } = contents;
  const differing = configurationDifferences(files, expected);
  const forged = expected.state === undefined ? [] : stateDifferences(files, expected.state, expected);
  const configured = configuredDestination(parseJson(expected.files["cdk.tf.json"]?.[0] ?? ""));
  const findings: readonly DiffFound[] = [
    ...(differing.length === 0 ? [] : [{ rule: "configuration-differs", values: { differences: differing } } as const]),
    ...destinationFindings(planned, configured, expected.isPartial),
    ...(planned.options.length === 0 ? [] : [{ rule: "plan-options", values: { options: planned.options } } as const]),
    ...forged.map((address) => ({ rule: "plan-state-differs", address, values: { address } }) as const),
  ];
  const verification = findings.length === 0 ? "verified" : findings;
  return { verification, destination: destinationText(planned), lock: files.get(LOCK) };
}

/** What no refresh changes of an object. */
const FIXED: readonly string[] = [
  ...["id", "arn", "user", "group", "role", "policy_arn", "pgp_key", "secret", "encrypted_secret", "ses_smtp_password_v4"],
];

/**
 * The addresses at which the state in a plan has an object that neither the state of the backend has there nor the configuration imports.
 * Terraform compares lineage and serial alone before it applies. What the plan's state lacks may be deleted in AWS: its entry creates it.
 * Source: `localRunForPlanFile` of Terraform's backend `local`.
 */
function stateDifferences(files: PlanFiles, state: string, expected: Expected): readonly string[] {
  const present = readState(state).resources;
  const planned = readState(files.get("tfstate")?.toString("utf8") ?? "").resources;
  const managed = allIn(present);
  const { import: blocks } = objectOf(parseJson(expected.files["cdk.tf.json"]?.[0] ?? ""));
  const imported = listOf(blocks).map((block) => objectOf(block).to);
  const isTainted = (object: StateResource) => present.tainted.includes(object) || planned.tainted.includes(object);
  const fixed = (object: StateResource) => JSON.stringify([isTainted(object), ...FIXED.map((name) => object.attributes[name])]);
  // `moved.tf` renames the attachments of the node role.
  const isAt = (one: string, other: string) => one === other || (isNodeAttachment(one) && isNodeAttachment(other));
  const isKnown = (object: StateResource) =>
    managed.some((own) => isAt(own.address, object.address) && fixed(own) === fixed(object)) ||
    (imported.includes(object.address) && !managed.some(({ address }) => address === object.address));
  return allIn(planned)
    .filter((object) => !isKnown(object))
    .map(({ address }) => address);
}

/** The files of a saved plan, and where it writes the state; undefined if it cannot be read. What is wrong with it is not quoted. */
function contentsOf(plan: Buffer): { readonly files: PlanFiles; readonly planned: Destination } | undefined {
  try {
    const files = planFiles(plan);
    return { files, planned: destinationOf(files.get("tfplan") ?? Buffer.of()) };
  } catch {
    return undefined;
  }
}

/** How the configuration in a saved plan differs from the one of the settings, by blocks. */
function configurationDifferences(files: PlanFiles, expected: Expected): readonly string[] {
  const known = [...OTHER_FILES, MODULES.name, ...Object.keys(expected.files).map((name) => `${ROOT}${name}`)];
  const has = (name: string, text: string) => files.get(name)?.equals(Buffer.from(text)) === true;
  const found = [...files.keys()].filter((name) => !known.includes(name)).map((name) => `the file ${name}`);
  if (!has(MODULES.name, MODULES.text)) {
    found.push("modules");
  }
  if (expected.lock !== undefined && !has(LOCK, expected.lock)) {
    found.push("the provider lock");
  }
  for (const [name, contents] of Object.entries(expected.files)) {
    const given = files.get(`${ROOT}${name}`);
    if (given === undefined && !contents.includes(undefined)) {
      found.push(`no ${name}`);
    } else if (given !== undefined && !contents.some((text) => text !== undefined && has(`${ROOT}${name}`, text))) {
      const texts = contents.filter((text) => text !== undefined);
      const compared = texts.map((text) => differences(parseJson(text), parseJson(given.toString("utf8")), 3));
      const [closest = []] = compared.sort((one, other) => one.length - other.length);
      // CDKTF's comments are no block.
      const blocks = closest.map(({ field }) => field).filter((field) => field !== "//");
      found.push(...(blocks.length === 0 ? [`the text of ${name}`] : blocks));
    }
  }
  return [...new Set(found)];
}
