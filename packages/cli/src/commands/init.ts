import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Option } from "commander";
import { iamResourceArn, partitionOf } from "../../../../src/iam/arns";
import { SettingsError } from "../../../../src/settings/errors";
import { stackNameErrors } from "../../../../src/settings/load";
import { makeFolder, requireRealFolder, writeFileAtomically } from "../../../../src/text/files";
import { runningAccess } from "../account/adopt/running-access";
import { adoptedSettings, adoptedText } from "../account/adopt/settings-file";
import { withIam } from "../account/aws/iam-reader";
import { pairOwner } from "../account/cluster-pair";
import { runningCluster } from "../cluster/running-cluster";
import {
  type AdoptedCluster,
  CDKTF_NODE,
  PIPELINES,
  packageSource,
  type RepositoryOptions,
  repositoryFiles,
} from "../init/repository";
import { inOneStep } from "../process/signals";
import { shellWord } from "../text/advice";
import { addClusterOptions, type ClusterOptions, namedCluster } from "./support/cluster";
import type { Define, Session } from "./support/session";

export const define: Define = (command, session) => {
  addClusterOptions(command, "write the settings of a running cluster")
    .description(
      "Creates a repository for deployments in a folder that is empty but for .git. " +
        "Calls neither AWS nor npm.\n\n" +
        "With --cluster, the settings file is that of a running cluster. " +
        "The credentials must be able to read its user in IAM. " +
        "An apply imports user, policy and attachment, and leaves the key as it is.",
    )
    .argument("[folder]", "the folder of the repository", ".")
    .addOption(
      new Option(
        "--stack <name>",
        "name of a deployment, deckhouse by default; several are possible",
      ).argParser((name: string, names: readonly string[] = []) => [...names, name]),
    )
    .addOption(new Option("--pipeline <system>", "adds a pipeline").choices(Object.keys(PIPELINES)))
    .option("--cdktf", "adds a program in TypeScript, for resources of your own")
    .action((folder: string, options: Options) => init(session, folder, options));
};

interface Options extends ClusterOptions, Pick<RepositoryOptions, "pipeline" | "cdktf"> {
  readonly stack?: readonly string[];
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
  const adopted = options.cluster === true ? await adopt(session, options, stacks) : undefined;
  const { named, file, isCheckout } = packageSource(session.host.env);
  const files: [string, string | Uint8Array][] = Object.entries({
    ...repositoryFiles({ ...options, stacks: [...new Set(stacks)], source: named, adopted }),
    ...adopted?.files,
  });
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
  session.print(adopted === undefined ? "" : `\n${adopted.report}`);
  if (file !== undefined && !isPacked) {
    const pack =
      `npm run --prefix ${shellWord(dirname(file))} package && ` +
      `cp ${shellWord(file)} ${shellWord(folder)}`;
    const copy =
      `Copy ${basename(file)}, from which this program was installed, ` +
      `to ${folder} before npm install: no registry has it`;
    session.print(isCheckout ? `\nPack the program for npm install: ${pack}\n` : `\n${copy}\n`);
  }
  const { node } = session.host.versions;
  if (options.cdktf && Number.parseInt(node, 10) > CDKTF_NODE) {
    session.print(
      `\nThe command cdktf does not run on Node.js ${node}, only on ${CDKTF_NODE} and before. ` +
        "docs/how-to/cdktn.md of dkp-access moves this repository to CDK Terrain, which does\n",
    );
  }
  session.print(`\nNext steps: ${join(folder, "README.md")}\n`);
}

interface Adopted extends AdoptedCluster {
  readonly files: Readonly<Record<string, string>>;
  readonly report: string;
}

/** Of the calls to AWS, in seconds. */
const LIMIT = 120;

async function adopt(
  session: Session,
  options: Options,
  [stack = "", ...others]: readonly string[],
): Promise<Adopted> {
  if (others.length > 0) {
    throw new Error("--stack: with --cluster there is one, the settings of that cluster; name one");
  }
  const named = await namedCluster(session, options);
  const cluster = await runningCluster(named);
  // The account follows from the credentials.
  const { region } = cluster.configuration;
  const access = await withIam({ region }, session.waiting(LIMIT), (iam) =>
    runningAccess(cluster, iam),
  );
  const { account, user } = access;
  const own = iamResourceArn(
    { partition: partitionOf(region), account },
    `user${user.path}${user.name}`,
  );
  const owner = await pairOwner(named, region, session.waiting(LIMIT));
  if (owner !== own) {
    throw new Error(
      `the cluster of ${named.context} names the key ${cluster.configuration.keyId} of ${own}, ` +
        `and AWS answers its pair with ${owner ?? "no user"}, so nothing was written; ` +
        "correct the key in the cluster, or name another --context",
    );
  }
  const file = `deployments/${stack}.yaml`;
  const adopted = adoptedSettings(access, file, stack);
  return {
    context: cluster.context,
    managedBy: access.isShared ? "none" : "rotate",
    files: { [file]: adopted.text },
    report: adoptedText(access, adopted),
  };
}
