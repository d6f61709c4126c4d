import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { Option } from "commander";
import { SettingsError } from "../../settings/errors";
import { stackNameErrors } from "../../settings/load";
import { dkpAccess } from "../../text/command";
import { requireRealFolder, writeFileAtomically } from "../../text/files";
import { packageFile } from "../../text/package-file";
import { shellWord } from "../../text/shell";
import { isCheckout } from "../init/package-source";
import { PIPELINES, type RepositoryOptions, repositoryFiles } from "../init/repository";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      `Creates a repository for deployments: package.json, the CDKTF program, a settings file with the recommended settings for production, .gitignore, README.md. Asks nothing, and calls neither AWS nor npm.

Rejects a folder that is not empty; .git may exist.
Copies from DKP's installation file only the fields that the settings have, never credentials.`,
    )
    .argument("[folder]", "the folder of the repository; created if it does not exist", ".")
    .option("--stack <name>", "name of the first deployment", "deckhouse")
    .option("--config-file <file>", "DKP's installation file, from which region and cluster follow")
    .addOption(new Option("--pipeline <system>", "adds a pipeline").choices(Object.keys(PIPELINES)))
    .option("--cdk-terrain", "installs CDK Terrain under the names of CDKTF; requires Node.js 22.19 or newer")
    .action((folder: string, options: Omit<RepositoryOptions, "folder">) => init(session, folder, options));
};

function init(session: Session, folder: string, options: Omit<RepositoryOptions, "folder">): void {
  const { stack } = options;
  const nameErrors = stackNameErrors(stack, "choose another name");
  if (nameErrors.length > 0) {
    throw new SettingsError(new Map([["--stack", nameErrors]]));
  }
  requireRealFolder(folder);
  if (existsSync(folder) && readdirSync(folder).some((name) => name !== ".git")) {
    throw new Error(`${folder}: is not empty; name a new folder, or one that is empty`);
  }
  const files = Object.entries(repositoryFiles({ ...options, folder }));
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileAtomically(join(folder, path), content);
  }
  session.print(files.map(([path]) => `wrote ${join(folder, path)}\n`).join(""));
  session.print(nextSteps(folder, stack));
}

function nextSteps(folder: string, stack: string): string {
  const settings = `deployments/${stack}.yaml`;
  return [
    "",
    "Next steps:",
    ...(folder === "." ? [] : [`  cd ${shellWord(folder)}`]),
    `  edit ${settings}: replace the values that are marked with CHANGE, set accountId and both pgpKey`,
    ...(isCheckout() ? [`  (cd ${shellWord(relative(resolve(folder), packageFile(".")))} && npm run package)`] : []),
    "  npm install",
    `  ${dkpAccess("synth")}`,
    `  ${dkpAccess("review")}`,
    "  git init && git add --all && git commit",
    `  ${dkpAccess("preflight", stack)}`,
    `  npm run deploy -- ${stack}`,
    "",
  ].join("\n");
}
