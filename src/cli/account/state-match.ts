import type { Deployment } from "../../settings/deployment";
import type { RunningCluster } from "../cluster/running-cluster";
import type { StateContents } from "../terraform/state-file";

interface Mismatches {
  readonly user: string | undefined;
  readonly stateAccount: string | undefined;
  readonly settingsAccount: string | undefined;
}

/** Settings, state and credentials that do not belong together: then nothing else is reliable. */
export function mismatches(
  settings: Deployment,
  user: StateContents["user"],
  account?: string,
): Mismatches {
  const unlike = (value: string | undefined, expected: string | undefined) =>
    expected === undefined || value === expected ? undefined : value;
  return {
    user: unlike(user?.name, settings.user.name),
    stateAccount: unlike(user?.arn?.split(":")[4], account),
    settingsAccount: unlike(settings.accountId, account),
  };
}

/** The fields in which a running cluster is not that of the settings; "" is none. */
export const clusterMismatches = (
  { region, cluster: { prefix } }: Deployment,
  { configuration, prefix: running }: RunningCluster,
): readonly (readonly [field: string, own: string, other: string])[] =>
  (
    [
      ["cluster.prefix", prefix ?? running ?? "", running ?? ""],
      ["region", region, configuration.region],
    ] as const
  ).filter(([, own, other]) => own !== other);
