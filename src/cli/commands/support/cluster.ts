import { type Command, Option } from "commander";
import { type ClusterAccess, clusterAccess } from "../../cluster/d8";
import type { Session } from "./session";

/** The options of a command that reads a running cluster. */
export interface ClusterOptions {
  readonly cluster?: true;
  readonly context?: string;
}

/** A login of the kubeconfig can need a browser. */
const LIMIT_SECONDS = 60;

/** Adds `--cluster` and `--context`. @param what the command does with a cluster */
export function addClusterOptions(command: Command, what: string): Command {
  return command.option("--cluster", `${what}, through DKP's command d8 and your kubeconfig`).addOption(
    new Option("--context <name>", "the context of the cluster in the kubeconfig; not needed where there is only one").implies({
      cluster: true,
    }),
  );
}

/** The cluster that the options name. @throws Error as `clusterAccess` */
export const namedCluster = ({ host, printError }: Session, { context }: ClusterOptions): Promise<ClusterAccess> =>
  clusterAccess(host.env, { limit: LIMIT_SECONDS, progress: printError }, context);
