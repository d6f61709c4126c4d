import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type UnzipFileInfo, unzipSync } from "fflate";
import { readRegularFile } from "../../text/files";
import { parseJson } from "../../text/json";
import { initProvider, runTerraform, type TerraformCli } from "../terraform/terraform-cli";
import { differences, type JsonObject, objectOf } from "./json-values";
import { readPlan } from "./plan-file";

/** The files of a stack by name, with each content that is the configuration of the settings; undefined: the file may be absent. */
export type Configuration = Readonly<Record<string, readonly (string | undefined)[]>>;

/** Whether a plan is of the configuration of the settings: proven, not stated in the plan, or how it differs. */
export type Verification = "verified" | "unverified" | { readonly differences: readonly string[] };

/**
 * A plan: a file that `terraform plan -out` wrote, or what `terraform show -json` printed, which carries no configuration.
 * @param expected the configuration of the settings
 * @param lock the committed provider lock of the stack, if there is one
 * @throws Error with the remedy if the file is neither, or lacks parts of a plan
 */
export async function readGivenPlan(
  terraform: TerraformCli,
  file: string,
  expected: Configuration,
  lock: string,
): Promise<{ readonly plan: JsonObject; readonly verification: Verification }> {
  const content = readRegularFile(file);
  // A plan that `terraform plan -out` saves is a zip archive.
  if (content.subarray(0, 4).toString("latin1") !== "PK\u0003\u0004") {
    return { plan: readPlan(file, content.toString("utf8")), verification: "unverified" };
  }
  const committed = existsSync(lock) ? readRegularFile(lock).toString("utf8") : undefined;
  const files = { ...expected, plan: [content], [LOCK]: [committed ?? filesIn(content)?.get(LOCK)] };
  // Terraform itself takes the providers of a data folder that does not depend on the working directory.
  const beside = resolve(dirname(file), terraform.dataFolder, "providers");
  const isVerified = committed !== undefined && !isAbsolute(terraform.dataFolder) && existsSync(beside);
  const shown = await shownApart(terraform, files, isVerified ? beside : undefined);
  return { plan: readPlan(file, shown), verification: verifyConfiguration(content, expected) };
}

/**
 * The JSON of a saved plan. Terraform shows it in an empty temporary folder with the configuration of the settings, because it runs the
 * provider of the folder: never the one that lies beside the plan, unless the committed lock has its checksum, which Terraform verifies.
 */
async function shownApart(
  terraform: TerraformCli,
  files: Readonly<Record<string, readonly (string | Buffer | undefined)[]>>,
  providers: string | undefined,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "dkp-access-plan-"));
  try {
    for (const [name, [content]] of Object.entries(files)) {
      if (content !== undefined) {
        writeFileSync(join(folder, name), content, { mode: 0o600 });
      }
    }
    await initProvider(terraform, folder, providers);
    return await runTerraform(terraform, folder, ["show", "-json", "plan"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a saved plan has beside its configuration. Source: Terraform's and OpenTofu's package `planfile`. */
const LOCK = ".terraform.lock.hcl";
const OTHER_FILES: readonly string[] = ["tfplan", "tfstate", "tfstate-prev", LOCK];

/** Where a saved plan has the files of its root module, and its list of modules. */
const ROOT = "tfconfig/m-/";
const MODULES = "tfconfig/modules.json";

/** A plan has less than a megabyte of configuration; an archive that claims more is not read. */
const MAX_BYTES = 2 ** 24;

/**
 * Whether a saved plan was generated from exactly these files. The comparison is of bytes, because Terraform reads two keys of the same name in
 * JSON as two blocks. This one rule covers providers, backends, data sources, `removed`, `import`, `moved`, `check`, provisioners,
 * lifecycle, outputs and modules. Tried with Terraform 1.11.4.
 */
export function verifyConfiguration(plan: Uint8Array, expected: Configuration): Verification {
  const files = filesIn(plan);
  if (files === undefined) {
    return { differences: ["the configuration in the plan cannot be read"] };
  }
  const known = [...OTHER_FILES, MODULES, ...Object.keys(expected).map((name) => `${ROOT}${name}`)];
  const modules = parseJson(files.get(MODULES) ?? "");
  const isRootAlone = Array.isArray(modules) && modules.length === 1 && objectOf(modules[0]).Key === "";
  const found = [
    ...[...files.keys()].filter((name) => !known.includes(name)).map((name) => `the file ${name}`),
    ...(isRootAlone ? [] : ["modules"]),
    ...Object.entries(expected).flatMap(([name, contents]) => {
      const given = files.get(`${ROOT}${name}`);
      if (given === undefined || contents.includes(given)) {
        return contents.includes(given) ? [] : [`no ${name}`];
      }
      // CDKTF's comments are no block.
      const blocks = differences(parseJson(contents[0] ?? ""), parseJson(given), 3).filter(({ field }) => field !== "//");
      return blocks.length === 0 ? [`the text of ${name}`] : blocks.map(({ field }) => field);
    }),
  ];
  return found.length === 0 ? "verified" : { differences: [...new Set(found)] };
}

/** The files of a saved plan; those that are not its configuration or provider lock are empty. Undefined if it is no archive. */
function filesIn(plan: Uint8Array): ReadonlyMap<string, string> | undefined {
  const names: string[] = [];
  try {
    const contents = unzipSync(plan, {
      filter: ({ name, originalSize }: UnzipFileInfo) => {
        names.push(name);
        return (name.startsWith("tfconfig/") || name === LOCK) && originalSize <= MAX_BYTES;
      },
    });
    // Two entries of one name: Terraform may read the other one.
    return names.length === new Set(names).size
      ? new Map(names.map((name) => [name, new TextDecoder().decode(contents[name])]))
      : undefined;
  } catch {
    return undefined;
  }
}
