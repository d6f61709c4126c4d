import { type Command, Option } from "commander";
import { ACCESS_KEY_ID } from "../../../../../src/iam/limits";
import { type ClusterAccess, clusterAccess } from "../../cluster/d8";
import { shellWord } from "../../text/advice";
import { asked, type Session } from "./session";

export interface ClusterOptions {
  readonly cluster?: true;
  readonly context?: string;
}

export interface Agreement {
  readonly yes?: true;
  readonly replaces?: string;
  readonly context?: string;
}

interface Replaced {
  readonly from: string;
  /** Whether the cluster has not proved that it has the key: a person answers with the context. */
  readonly isUnproven: boolean;
  readonly context: string;
}

/** A login of the kubeconfig can need a browser. */
const LIMIT_SECONDS = 60;

/**
 * Adds `--cluster` and `--context`.
 * @param what the command does with a cluster
 */
export function addClusterOptions(command: Command, what: string): Command {
  return command.option("--cluster", `${what}, through d8`).addOption(
    new Option("--context <name>", "the context of the kubeconfig, if it has several").implies({
      cluster: true,
    }),
  );
}

/**
 * The cluster that the options name.
 * @throws Error as `clusterAccess`
 */
export const namedCluster = (
  { host, printError }: Session,
  { context }: ClusterOptions,
): Promise<ClusterAccess> =>
  clusterAccess(host.env, { limit: LIMIT_SECONDS, progress: printError }, context);

/** `--replaces`: the ID of a key. */
export const replacesOption = (): Option =>
  new Option(
    "--replaces <key>",
    "with --yes and --context: the ID of the cluster's key, if it does not work",
  )
    .implies({ cluster: true })
    .argParser((text) => keyId("--replaces", text));

/**
 * The ID of a key.
 * @throws Error without the value, which may be the secret
 */
export function keyId(option: string, text: string): string {
  if (!ACCESS_KEY_ID.test(text)) {
    throw new Error(
      `${option}: the value is not the ID of an access key (not shown), such as AKIA...`,
    );
  }
  return text;
}

/**
 * Asks, unless the options answer.
 * @param replaced if it matters which key DKP has
 * @throws Error that nothing was done, and why, without an answer
 */
export async function requireYes(
  session: Session,
  agreement: Agreement,
  question: string,
  replaced: Replaced = { from: "", isUnproven: false, context: "" },
  done: "changed" | "written" = "changed",
): Promise<void> {
  const refusal = await refusalOf(session, agreement, question, replaced);
  if (refusal !== undefined) {
    throw new Error(`nothing was ${done}: ${refusal}`);
  }
}

async function refusalOf(
  session: Session,
  { yes, replaces, context: named }: Agreement,
  question: string,
  { from, isUnproven, context }: Replaced,
): Promise<string | undefined> {
  if (replaces !== undefined && replaces !== from) {
    return `--replaces: the cluster has the key ${from}; name that`;
  }
  if (yes === true) {
    return isUnproven && (replaces === undefined || named === undefined)
      ? `the key ${from} of the cluster does not work; name both: ` +
          `--replaces ${from} --context ${shellWord(context)}`
      : undefined;
  }
  if (session.host.stdin.isTTY !== true) {
    return "there is no terminal to ask at; add --yes";
  }
  return isUnproven
    ? await asked(
        session,
        `${question} The key ${from} of the cluster does not work. ` +
          `Type the name of the context, ${context}: `,
        context,
      )
    : await asked(session, `${question} Only yes does: `);
}
