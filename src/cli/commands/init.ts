import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Option } from "commander";
import { SettingsError } from "../../settings/errors";
import { stackNameErrors } from "../../settings/load";
import { requireRealFolder, writeFileAtomically } from "../../text/files";
import { packageSource } from "../init/package-source";
import { CDKTF_NODE, PIPELINES, type RepositoryOptions, repositoryFiles } from "../init/repository";
import { inOneStep } from "../terraform/signals";
import { dkpAccess } from "../text/command";
import { shellWord } from "../text/shell";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      `Creates a repository for deployments: package.json, the CDKTF program, a settings file with the recommended settings for production, .gitignore, README.md. Asks nothing, and calls neither AWS nor npm. Where the program comes from a packed file, a copy of that is in the repository.

Rejects a folder that is not empty; .git may exist.`,
    )
    .argument("[folder]", "the folder of the repository; created if it does not exist", ".")
    .option("--stack <name>", "name of the first deployment", "deckhouse")
    .addOption(new Option("--pipeline <system>", "adds a pipeline").choices(Object.keys(PIPELINES)))
    .option(
      "--cdk-terrain",
      `installs CDK Terrain under the names of CDKTF; requires Node.js 22.19 or newer (default: where Node.js is newer than ${CDKTF_NODE})`,
    )
    .action((folder: string, options: Options) => init(session, folder, options));
};

type Options = Pick<RepositoryOptions, "stack" | "pipeline"> & { readonly cdkTerrain?: true };

async function init(session: Session, folder: string, options: Options): Promise<void> {
  const { stack } = options;
  const nameErrors = stackNameErrors(stack, "choose another name");
  if (nameErrors.length > 0) {
    throw new SettingsError(new Map([["--stack", nameErrors]]));
  }
  requireRealFolder(folder);
  if (existsSync(folder) && readdirSync(folder).some((name) => name !== ".git")) {
    throw new Error(`${folder}: is not empty; name a new folder, or one that is empty`);
  }
  const cdkTerrain = options.cdkTerrain ?? Number.parseInt(session.host.versions.node, 10) > CDKTF_NODE;
  const { named, file } = packageSource();
  const files: [string, string | Uint8Array][] = Object.entries(repositoryFiles({ ...options, cdkTerrain, source: named }));
  const isPacked = file !== undefined && existsSync(file);
  if (isPacked) {
    files.push([basename(file), readFileSync(file)]);
  }
  await inOneStep(() => {
    for (const [path, content] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileAtomically(join(folder, path), content);
    }
  });
  session.print(files.map(([path]) => `wrote ${join(folder, path)}\n`).join(""));
  session.print(nextSteps(folder, stack, isPacked ? undefined : file));
}

/** @param missing the packed file that is still to be created in this checkout */
function nextSteps(folder: string, stack: string, missing: string | undefined): string {
  const packed = missing && relative(resolve(folder), missing);
  return [
    "",
    "Next steps:",
    ...(folder === "." ? [] : [`  cd ${shellWord(folder.replace(/^-/, "./-"))}`]),
    `  edit deployments/${stack}.yaml: replace the values that are marked with CHANGE`,
    ...(packed === undefined ? [] : [`  npm run --prefix ${shellWord(dirname(packed))} package && cp ${shellWord(packed)} .`]),
    "  npm install",
    `  ${dkpAccess("review")}`,
    "  git init && git add --all && git commit",
    "  create the state bucket: node_modules/dkp-access/docs/how-to/state-bucket.md",
    `  ${dkpAccess("apply", stack)}   # with AWS credentials; shows what changes, and asks`,
    `  ${dkpAccess("hand-over", stack, "--out", "provider.yaml")}`,
    "",
  ].join("\n");
}
