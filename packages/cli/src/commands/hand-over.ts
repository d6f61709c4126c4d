import type { Deployment } from "../../../../src/settings/deployment";
import { withIam } from "../account/aws/iam-reader";
import { isOwnPair } from "../account/cluster-pair";
import { currentKey, providerBlock, providerYaml } from "../account/hand-over/provider-block";
import { replacementOf, replacementText } from "../account/hand-over/replacement";
import { checkSecretFile, writeSecretFile } from "../account/hand-over/secret-file";
import { clusterHasKey, giveKey, runningCluster, SECRET_NAME } from "../cluster/running-cluster";
import { inOneStep } from "../process/signals";
import { stackFolder } from "../terraform/terraform-cli";
import { dkpAccess } from "../text/advice";
import {
  type Agreement,
  addClusterOptions,
  type ClusterOptions,
  namedCluster,
  replacesOption,
  requireYes,
} from "./support/cluster";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session, timeoutOption } from "./support/session";

interface Options extends ClusterOptions, Agreement {
  readonly out?: string;
  readonly timeout: number;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Prints the provider block of DKP's AWSClusterConfiguration, " +
        "with the secret from the state.\n\n" +
        "With --cluster it asks, writes the current key into a running cluster, " +
        "and reads it back. " +
        "The settings must have the cluster's accountId and cluster.prefix.",
    )
    .argument("[stack]", STACK_HELP)
    .option("--out <file>", "write a new file of mode 0600, which a Git work tree must ignore")
    .option("--yes", "print the secret; with --cluster: do not ask")
    .addOption(formatOption("yaml", "json"));
  addClusterOptions(command, "give the key to a running cluster")
    .addOption(replacesOption())
    .addOption(timeoutOption(180))
    .action((stack: string | undefined, options: Options) => {
      const { deployment } = selectOne(session, [stack]);
      const handOver = options.cluster === true ? toCluster : toPerson;
      return handOver(session, deployment, options);
    });
};

async function toPerson(
  session: Session,
  deployment: Deployment,
  { out, yes, format }: Options,
): Promise<void> {
  const { terraform, output } = session;
  const folder = stackFolder(terraform, output, deployment.stack);
  if (out !== undefined) {
    checkSecretFile(out, session.host.env);
  } else if (yes !== true) {
    throw new Error(
      "nothing was printed; write --out FILE for a file that only you can read, " +
        "or --yes to print the secret",
    );
  }
  const key = await currentKey(terraform, folder, deployment);
  const block = providerBlock(deployment, await key.read());
  const text =
    format === "json"
      ? `${JSON.stringify({ provider: block }, null, 2)}\n`
      : providerYaml(deployment.stack, block);
  if (out === undefined) {
    session.print(text);
  } else {
    const written = await inOneStep(() => writeSecretFile(out, text, session.host.env));
    session.printError(
      `written to ${written}, which only you can read (mode 0600); ` +
        "delete it when DKP has the key\n",
    );
  }
}

async function toCluster(
  session: Session,
  deployment: Deployment,
  options: Options,
): Promise<void> {
  if (options.out !== undefined) {
    throw new Error("--out: with --cluster no file has the secret; leave one of them out");
  }
  const { terraform, output } = session;
  const folder = stackFolder(terraform, output, deployment.stack);
  const { id, read } = await currentKey(terraform, folder, deployment);
  const access = await namedCluster(session, options);
  const cluster = await runningCluster(access);
  const waiting = session.waiting(options.timeout);
  const replacement = await withIam(deployment, waiting, (iam) =>
    replacementOf(deployment, cluster, id, iam),
  );
  const { context } = access;
  const known = replacement.from === id ? await read() : undefined;
  if (known && (await clusterHasKey(access, known))) {
    session.print(`${context} has the current key ${id} already; nothing was written\n`);
    return;
  }
  session.printError(replacementText(replacement, context));
  const isUnproven = !(await isOwnPair(deployment, access, waiting));
  const replaced = { from: replacement.from, isUnproven, context };
  await requireYes(session, options, "Give the key to the cluster?", replaced, "written");
  await giveKey(access, cluster, known ?? (await read()));
  session.print(
    `${context} has the key ${id} now: read back from ${SECRET_NAME}; ` +
      `${dkpAccess("rotate", deployment.stack, "--cluster")} ends a former one\n`,
  );
}
