import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Option } from "commander";
import { SettingsError } from "../../settings/errors";
import { stackNameErrors } from "../../settings/load";
import { makeFolder, requireRealFolder, writeFileAtomically } from "../../text/files";
import { CDKTF_NODE, PIPELINES, packageSource, type RepositoryOptions, repositoryFiles } from "../init/repository";
import { shellWord } from "../text/advice";
import { inOneStep } from "../text/signals";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  command
    .description(
      `Creates a repository for deployments: package.json, a settings file with the recommended settings for production, files for Git and npm, README.md. Asks nothing, and calls neither AWS nor npm. Where the program comes from a packed file, a copy of that is in the repository.

Rejects a folder that is not empty; .git may exist.`,
    )
    .argument("[folder]", "the folder of the repository; created if it does not exist", ".")
    .addOption(
      new Option(
        "--stack <name>",
        "name of a deployment (default: deckhouse); with several of this option, defaults.yaml has what they share",
      ).argParser((name: string, names: readonly string[] = []) => [...names, name]),
    )
    .addOption(new Option("--pipeline <system>", "adds a pipeline").choices(Object.keys(PIPELINES)))
    .option("--cdktf", "adds a program in TypeScript, for cdktf deploy and for resources of your own beside the stack")
    .option(
      "--cdk-terrain",
      `the same with CDK Terrain under the names of CDKTF, also with --cdktf where Node.js is newer than ${CDKTF_NODE}; requires Node.js 22.19 or newer`,
    )
    .action((folder: string, options: Options) => init(session, folder, options));
};

interface Options extends Pick<RepositoryOptions, "pipeline"> {
  readonly stack?: readonly string[];
  readonly cdktf?: true;
  readonly cdkTerrain?: true;
}

async function init(session: Session, folder: string, options: Options): Promise<void> {
  const { stack: stacks = ["deckhouse"] } = options;
  const nameErrors = stacks.flatMap((stack) => stackNameErrors(stack, "choose another name"));
  if (nameErrors.length > 0) {
    throw new SettingsError(new Map([["--stack", nameErrors]]));
  }
  requireRealFolder(folder);
  if (existsSync(folder) && readdirSync(folder).some((name) => name !== ".git")) {
    throw new Error(`${folder}: is not empty; name a new folder, or one that is empty`);
  }
  const isTooNew = Number.parseInt(session.host.versions.node, 10) > CDKTF_NODE;
  const isTerrain = options.cdkTerrain === true || (options.cdktf === true && isTooNew);
  const cdktf = isTerrain ? "cdktn" : options.cdktf && "cdktf";
  const { named, file, isCheckout } = packageSource(session.host.env);
  const files: [string, string | Uint8Array][] = Object.entries(
    repositoryFiles({ ...options, stacks: [...new Set(stacks)], cdktf, source: named }),
  );
  const isPacked = file !== undefined && existsSync(file);
  if (isPacked) {
    files.push([basename(file), readFileSync(file)]);
  }
  await inOneStep(() => {
    for (const [path, content] of files) {
      makeFolder(dirname(join(folder, path)));
      writeFileAtomically(join(folder, path), content);
    }
  });
  session.print(files.map(([path]) => `wrote ${join(folder, path)}\n`).join(""));
  if (file !== undefined && !isPacked) {
    const pack = `npm run --prefix ${shellWord(dirname(file))} package && cp ${shellWord(file)} ${shellWord(folder)}`;
    const copy = `Copy ${basename(file)}, from which this program was installed, to ${folder} before npm install: no registry has it`;
    session.print(isCheckout ? `\nPack the program for npm install: ${pack}\n` : `\n${copy}\n`);
  }
  session.print(`\nNext steps: ${join(folder, "README.md")}\n`);
}
