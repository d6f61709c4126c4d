import { join } from "node:path";
import { Option } from "commander";
import { editSettings } from "../account/keys/edit-yaml";
import { KEY_RULES, type KeyRules } from "../account/keys/key-rules";
import { type LeakedKeys, leakText, ownerOf } from "../account/keys/leak";
import { type KeyReport, keyReport, keyReportText, keysJson } from "../account/keys/report";
import { keySituation, readUser } from "../account/keys/situation";
import { readingPolicy } from "../account/reading-policy";
import { runningCluster } from "../cluster/running-cluster";
import { EXIT, reportJson } from "../findings/finding";
import { leakPage } from "../review/pack";
import { dkpAccess } from "../text/advice";
import { inOneStep } from "../text/signals";
import { addClusterOptions, type ClusterOptions, keyId, namedCluster } from "./support/cluster";
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
      "Compares the access keys in settings, state, IAM and, with --cluster, the cluster: " +
        "what to do about a difference, or the next step of a rotation.",
    )
    .argument("[stack...]", STACKS_HELP)
    .addOption(
      new Option("--write", "make the next change of the settings, or begin a rotation").conflicts(
        "leaked",
      ),
    )
    .addOption(
      new Option("--leaked <id>", "print the steps after a leak of this key; repeatable").argParser(
        (id: string, ids: readonly string[] = []) => [...ids, keyId("--leaked", id)],
      ),
    );
  addClusterOptions(command, "read which key DKP has")
    .addOption(
      new Option("--dkp-key <id>", "the key that DKP has")
        .argParser((id: string) => keyId("--dkp-key", id))
        .conflicts(["cluster", "leaked"]),
    )
    .addOption(policyOption())
    .addOption(timeoutOption(120))
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], options: Options) => {
      if (options.policy === true) {
        session.printJson(readingPolicy(selectDeployments(session, names).deployments));
        return;
      }
      await (options.leaked === undefined
        ? status(session, names, options)
        : leaked(session, names, options, [...new Set(options.leaked)]));
    });
};

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
    await inOneStep(() => editSettings(fileOf(last), last.next.edits));
    session.printError(
      `wrote ${fileOf(last)}: run ${dkpAccess("review", stack)}, commit both, ` +
        "then go on with the step\n",
    );
  }
}

const clusterOf = async (session: Session, options: ClusterOptions) =>
  options.cluster ? await runningCluster(await namedCluster(session, options)) : undefined;

async function leaked(
  session: Session,
  names: readonly string[],
  options: Options,
  ids: readonly string[],
): Promise<void> {
  const { deployment: settings } = selectOne(session, names);
  const state = await readableState(session, settings.stack);
  const iam = await readUser(settings, ids, session.waiting(options.timeout));
  const notRead = ["unread" in state ? state.unread : [], iam.unknown, iam.unread].flat();
  const cluster = await clusterOf(session, options).catch(({ message }: Error) => {
    notRead.push(message);
    return undefined;
  });
  const known = "value" in state ? state.value : undefined;
  const found: LeakedKeys = { settings, ids, iam, state: known, cluster, notRead };
  const owners = ids.map((id) => ({ id, user: ownerOf(id, found) }));
  session.raise(owners.some(({ user }) => user === undefined) ? EXIT.attention : EXIT.success);
  session.raise(notRead.length > 0 ? EXIT.breaking : EXIT.success);
  const keys = owners.map(({ id, user = settings.user.name }) => ({ id, user }));
  const [seen, page] = [leakText(found), leakPage(settings, keys)];
  if (options.format === "json") {
    const leak = { keys, seen: seen.trimEnd().split("\n"), page };
    const stacks = [{ stack: settings.stack, leak }];
    session.printJson(reportJson<KeyRules>(KEY_RULES, [], stacks, { exitCode: session.exitCode }));
  } else {
    session.print(`${seen}\n${page}`);
  }
}
