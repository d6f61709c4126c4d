import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { initProvider, isSavedPlan, showPlan, type TerraformCli } from "../../terraform/terraform-cli";
import { readRegularFile } from "../../text/files";
import { type Configuration, lockFileIn, type Verification, verifyConfiguration } from "./configuration";
import type { JsonObject } from "./json-values";
import { readPlan } from "./plan-file";

/** Larger files are no plan of a deployment: one has less than a megabyte. */
const MAX_BYTES = 2 ** 26;

/** What is known of the plan that a person gave. */
export interface GivenPlan {
  readonly plan: JsonObject;
  readonly verification: Verification;
}

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
): Promise<GivenPlan> {
  const content = readBounded(file);
  if (!isSavedPlan(content)) {
    return { plan: readPlan(file, content.toString("utf8")), verification: "unverified" };
  }
  const verification = verifyConfiguration(content, expected);
  return { plan: readPlan(file, await shownApart(terraform, file, content, expected, lock)), verification };
}

function readBounded(file: string): Buffer {
  let reason = "it is not a regular file";
  try {
    const stats = statSync(file);
    if (stats.isFile() && stats.size <= MAX_BYTES) {
      return readRegularFile(file);
    }
    reason = stats.isFile() ? `it has more than ${MAX_BYTES} bytes` : reason;
  } catch (error) {
    throw new Error(`${resolve(file)}: cannot be read as a file (${(error as NodeJS.ErrnoException).code}); name a plan`);
  }
  throw new Error(`${file}: is not a plan: ${reason}`);
}

/**
 * The JSON of a saved plan. Terraform shows it in an empty temporary folder with the configuration of the settings, because it runs the
 * provider of the folder: never the one that lies beside the plan, unless the committed lock has its checksum, which Terraform verifies.
 */
async function shownApart(
  terraform: TerraformCli,
  file: string,
  content: Buffer,
  expected: Configuration,
  lock: string,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "dkp-access-plan-"));
  try {
    for (const [name, [text = ""]] of Object.entries(expected)) {
      writeFileSync(join(folder, name), text);
    }
    writeFileSync(join(folder, "plan"), content, { mode: 0o600 });
    const committed = existsSync(lock) ? readRegularFile(lock).toString("utf8") : undefined;
    const used = committed ?? lockFileIn(content);
    if (used !== undefined) {
      writeFileSync(join(folder, ".terraform.lock.hcl"), used);
    }
    // Terraform itself takes the providers of a data folder that does not depend on the working directory.
    const { dataFolder } = terraform;
    const beside = isAbsolute(dataFolder) ? undefined : resolve(dirname(file), dataFolder, "providers");
    await initProvider(
      terraform,
      folder,
      committed !== undefined && beside !== undefined && existsSync(beside) ? beside : undefined,
    );
    return await showPlan(terraform, folder, "plan");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
