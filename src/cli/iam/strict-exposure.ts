import type { Cluster } from "../../iam/cluster";
import rows from "./exposures.json";

/** Which clusters leave a kind of resource open, as far as their VPC and their UUID are known. */
const CONDITIONS = {
  always: () => true,
  peering: ({ peeredVPCs }) => peeredVPCs.length > 0,
  "uuid-unknown": ({ uuid }) => uuid === undefined,
  "vpc-unknown": ({ existingVPCID, vpcId }) => existingVPCID === undefined && vpcId === undefined,
  "both-unknown": (cluster): boolean => CONDITIONS["uuid-unknown"](cluster) && CONDITIONS["vpc-unknown"](cluster),
} satisfies Readonly<Record<string, (cluster: Cluster) => boolean>>;

/** A kind of resource that mode `strict` leaves open although it is not the cluster's: a row of `exposures.yaml`. */
export interface Exposure {
  /** The kind, with what distinguishes the open ones. */
  readonly kind: string;
  /** A continuation of "the key can". */
  readonly what: string;
  readonly why: string;
  /** Resources of the kind that are open in the sample account. Measured by tests. */
  readonly open: number;
  /** Resources of the kind there. */
  readonly of: number;
  /** @default every cluster */
  readonly when?: keyof typeof CONDITIONS;
}

/**
 * Resources of a sample account that are not the cluster's, and how many of them a key of mode `minimal` can modify. For each kind one
 * without tags, one of another team, one of another DKP cluster and one of the components of another cluster, in each location: in another
 * VPC, in another Region, with a name or a tag `Name` such as the cluster's, in the cluster's VPC and in its subnets.
 */
export const SAMPLE_ACCOUNT = { resources: 412, openInMinimal: 332 } as const;

/** What mode `strict` leaves open for a cluster. `strict-statements.exposure.test.ts` compares the counts with the policy. */
export function exposuresOf(cluster: Cluster): readonly Exposure[] {
  return (rows as readonly Exposure[]).filter(({ when = "always" }) => CONDITIONS[when](cluster));
}
