import type { Deployment } from "../../../../src/settings/deployment";
import type { RunningCluster } from "../cluster/running-cluster";
import { type Found, refusalOf } from "../findings/finding";
import { dkpAccess } from "../text/advice";
import type { IamKey, IamReader } from "./aws/iam-reader";
import { CLUSTER_RULES, type ClusterRules } from "./shared-rules";

export type ClusterFound = Found<ClusterRules>;

/** What IAM has. */
export interface KeyUser {
  /** Of the user; undefined if they were not read. */
  readonly keys: readonly IamKey[] | undefined;
  readonly exists: boolean;
  /** The other user that has DKP's key. */
  readonly owner?: string | undefined;
}

interface DkpKeyFacts extends KeyUser {
  readonly settings: Deployment;
  readonly cluster?: RunningCluster | undefined;
  /** The key that DKP has, as the cluster or a person says. */
  readonly dkpKey: string;
  /** The current key of the state. */
  readonly current?: string | undefined;
}

/** In what a cluster is not that of the settings; else whether DKP's key works. */
export function dkpKeyFindings(facts: DkpKeyFacts): readonly ClusterFound[] {
  const { settings, cluster, dkpKey, keys, exists, current } = facts;
  const { stack, accessKeys, user } = settings;
  const others = otherCluster(settings, facts);
  const status = keys?.find(({ id }) => id === dkpKey)?.status;
  if (others.length > 0 || keys === undefined || status === "Active") {
    return others;
  }
  const isReady = keys.some(({ id, status: own }) => id === current && own === "Active");
  const to = cluster?.isOfCommander === true ? ["--out", "FILE"] : ["--cluster"];
  const handOver = isReady ? dkpAccess("hand-over", stack, ...to) : undefined;
  const command = accessKeys.managedBy === "rotate" ? dkpAccess("rotate", stack, ...to) : handOver;
  const why = status === undefined ? `is no key of the user ${user.name}` : `is ${status}`;
  // Without its user, no command can give it a key.
  const values = { key: dkpKey, why, command: exists ? command : undefined };
  return [{ rule: "dkp-key-dead", values }];
}

/** In what a cluster, or the user of DKP's key, is not that of the settings. */
export function otherCluster(
  { region, user, cluster: { prefix } }: Deployment,
  { cluster, dkpKey, owner }: Pick<DkpKeyFacts, "cluster" | "owner"> & { readonly dkpKey?: string },
): readonly ClusterFound[] {
  const running = cluster && {
    prefix: cluster.prefix ?? "none",
    region: cluster.configuration.region,
  };
  const fields = [
    { field: "cluster.prefix", own: prefix ?? running?.prefix, other: running?.prefix },
    { field: "region", own: region, other: running?.region },
    { field: "user.name", own: user.name, other: owner, key: dkpKey },
  ];
  const found: ClusterFound[] = [];
  for (const { field, own = "", other, key } of fields) {
    if (other !== undefined && other !== own) {
      const values = { field, settings: own, cluster: other, context: cluster?.context, key };
      found.push({ rule: "cluster-is-another", field, values });
    }
  }
  return found;
}

/** The same sentence and remedy, for commands that end with it. */
export class ClusterMismatch extends Error {
  constructor(found: ClusterFound) {
    super(refusalOf<ClusterRules>(CLUSTER_RULES, found));
    this.name = "ClusterMismatch";
  }
}

/**
 * The other user that has a key. IAM also denies the call for a key that nobody has, or another
 * account: then it is unknown.
 */
export async function otherOwner(
  iam: IamReader,
  id: string,
  user: string,
): Promise<string | undefined> {
  const use = await iam.keyUse(id);
  const owner = "value" in use ? use.value?.user : undefined;
  return owner === user ? undefined : owner;
}
