import { join } from "node:path";
import { Option } from "commander";
import { ACCESS_KEY_ID } from "../../iam/key-slots";
import type { Deployment } from "../../settings/deployment";
import { editSettings } from "../account/keys/edit-yaml";
import { KEY_RULES, type KeyRules } from "../account/keys/key-rules";
import { type LeakedKeys, leakText, ownerOf } from "../account/keys/leak";
import { changesOf } from "../account/keys/next-step";
import { type KeyReport, keyReport, keyReportText, keysJson } from "../account/keys/report";
import { keySituation, readUser } from "../account/keys/situation";
import { readingPolicy } from "../account/reading-policy";
import { type RunningCluster, runningCluster } from "../cluster/running-cluster";
import { EXIT, reportJson } from "../findings/finding";
import { leakPage } from "../review/pack";
import { dkpAccess } from "../text/advice";
import { inOneStep } from "../text/signals";
import { addClusterOptions, type ClusterOptions, namedCluster } from "./support/cluster";
import {
  forDeployments,
  policyOption,
  readableState,
  STACKS_HELP,
  selectDeployments,
  selectOne,
} from "./support/deployments";
import { type Define, formatOption, type Session, timeoutOption } from "./support/session";

interface Options extends ClusterOptions {
  readonly write?: true;
  readonly leaked?: readonly string[];
  readonly dkpKey?: string;
  readonly policy?: true;
  readonly timeout: number;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Shows the access keys in settings, state and IAM, and with --cluster in the cluster: where they differ, and what to do, or else the next step of a rotation.",
    )
    .argument("[stack...]", STACKS_HELP)
    .addOption(
      new Option("--write", "make the next change of the settings, or begin a rotation").conflicts(
        "leaked",
      ),
    )
    .addOption(
      new Option(
        "--leaked <id>",
        "print the steps after a leak of this key; can be repeated",
      ).argParser((id: string, ids: readonly string[] = []) => [...ids, keyId("--leaked", id)]),
    );
  addClusterOptions(command, "read which key DKP has")
    .addOption(
      new Option("--dkp-key <id>", "the key that DKP has")
        .argParser((id: string) => keyId("--dkp-key", id))
        .conflicts(["cluster", "leaked"]),
    )
    .addOption(policyOption())
    .addOption(timeoutOption("time limit of the calls to AWS", 120))
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], options: Options) => {
      if (options.policy === true) {
        session.printJson(readingPolicy(selectDeployments(session, names).deployments));
        return;
      }
      await (options.leaked === undefined
        ? status(session, names, options)
        : leaked(session, names, options, options.leaked));
    });
};

function keyId(option: string, id: string): string {
  if (!ACCESS_KEY_ID.test(id)) {
    // It may be the secret.
    throw new Error(
      `${option}: the value is not the ID of an access key (not shown), such as AKIA...`,
    );
  }
  return id;
}

async function status(session: Session, names: readonly string[], options: Options): Promise<void> {
  const { write, timeout: limit, format, dkpKey } = options;
  const isOne = write === true || options.cluster === true || dkpKey !== undefined;
  const deployments = isOne
    ? [selectOne(session, names).deployment]
    : selectDeployments(session, names).deployments;
  const { terraform, output, settings } = session;
  const cluster = await clusterOf(session, options);
  const fileOf = ({ situation }: KeyReport) => join(settings, `${situation.settings.stack}.yaml`);
  const [last] = await forDeployments<KeyRules, KeyReport>(session, deployments, {
    rules: KEY_RULES,
    report: async (deployment) =>
      keyReport(await keySituation(deployment, { terraform, output, limit, cluster, dkpKey })),
    text: (report) => keyReportText(report, fileOf(report)),
    json: (report) => keysJson(report, fileOf(report)),
    format,
  });
  if (write === true && last !== undefined) {
    const { stack } = last.situation.settings;
    const changes = changesOf(stack, last.next);
    await inOneStep(() => editSettings(fileOf(last), changes));
    session.printError(
      `wrote ${fileOf(last)}: run ${dkpAccess("review", stack)}, commit both, then go on with the step\n`,
    );
  }
}

const clusterOf = async (
  session: Session,
  options: ClusterOptions,
): Promise<RunningCluster | undefined> =>
  options.cluster === true ? await runningCluster(await namedCluster(session, options)) : undefined;

async function leaked(
  session: Session,
  names: readonly string[],
  options: Options,
  ids: readonly string[],
): Promise<void> {
  const { deployment } = selectOne(session, names);
  const found = await leakedKeys(session, deployment, options, [...new Set(ids)]);
  const owners = found.ids.map((id) => ({ id, user: ownerOf(id, found) }));
  session.raise(owners.some(({ user }) => user === undefined) ? EXIT.attention : EXIT.success);
  session.raise(found.notRead.length > 0 ? EXIT.breaking : EXIT.success);
  const keys = owners.map(({ id, user = deployment.user.name }) => ({ id, user }));
  const [seen, page] = [leakText(found), leakPage(deployment, keys)];
  if (options.format === "json") {
    const stacks = [
      { stack: deployment.stack, leak: { keys, seen: seen.trimEnd().split("\n"), page } },
    ];
    session.printJson(reportJson<KeyRules>(KEY_RULES, [], stacks, { exitCode: session.exitCode }));
  } else {
    session.print(`${seen}\n${page}`);
  }
}

/**
 * What can be seen of leaked keys. What cannot be read does not keep the steps from being printed.
 */
async function leakedKeys(
  session: Session,
  settings: Deployment,
  options: Options,
  ids: readonly string[],
): Promise<LeakedKeys> {
  const state = await readableState(session, settings.stack);
  const waiting = { progress: session.printError, limit: options.timeout };
  const iam = await readUser(settings, ids, waiting);
  const notRead = ["unread" in state ? state.unread : [], iam.unknown, iam.unread].flat();
  let cluster: RunningCluster | undefined;
  try {
    cluster = await clusterOf(session, options);
  } catch (error) {
    notRead.push((error as Error).message);
  }
  return {
    settings,
    ids,
    iam,
    state: "value" in state ? state.value : undefined,
    cluster,
    notRead,
  };
}
