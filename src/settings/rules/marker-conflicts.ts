import { parseIamArn } from "../../iam/arns";
import { strictMarker } from "../../iam/cluster-marker";
import { partitionOf } from "../../iam/partitions";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import type { Candidate } from "./candidate";

/** A deployment whose cluster has tags. */
interface Tagged {
  readonly candidate: Candidate;
  readonly position: number;
  /** The tag that mode `strict` limits the key to, as `key=value`; undefined in other modes. */
  readonly marker: string | undefined;
  /** All tags of the cluster, in the same form. */
  readonly tags: readonly string[];
  readonly partition: string;
  /** Undefined if the settings do not name it. */
  readonly account: string | undefined;
}

/**
 * Deployments in mode `strict` whose marker is a tag of another cluster of the account: the key of the one could change the other one.
 * An account that the settings do not name may be any account of its partition, so that it counts as the same one.
 */
export function markerConflicts(candidates: readonly Candidate[]): ReadonlyMap<string, FieldError> {
  const tagged = candidates.flatMap((candidate, position) => taggedOf(candidate, position));
  const byTag = new Map<string, Tagged[]>();
  for (const one of tagged) {
    for (const tag of one.tags) {
      const others = byTag.get(tag);
      if (others === undefined) {
        byTag.set(tag, [one]);
      } else {
        others.push(one);
      }
    }
  }
  const conflicts = tagged.flatMap((one) => {
    const sharing = one.marker === undefined ? [] : (byTag.get(one.marker) ?? []);
    const other = sharing.find((candidate) => concerns(one, candidate));
    return other === undefined ? [] : [[one.candidate.source, conflict(one, other)] as const];
  });
  return new Map(conflicts);
}

/** Of two deployments with the same marker, the first one is assumed to be right. */
function concerns(one: Tagged, other: Tagged): boolean {
  const isLater = other.marker !== one.marker || other.position < one.position;
  const mayBeSame = one.account === undefined || other.account === undefined || one.account === other.account;
  return one !== other && isLater && one.partition === other.partition && mayBeSame;
}

function conflict({ account, candidate, marker }: Tagged, other: Tagged): FieldError {
  const unknown = account === undefined || other.account === undefined;
  const where = unknown ? "which may be in the same account" : "in the same account";
  const remedy = unknown ? "; or state accountId in both" : "";
  const stated = candidate.settings.fields("policy")?.policy.marker !== undefined;
  return {
    path: stated ? ["policy", "marker"] : ["cluster", "tags"],
    message: `${show(marker)} is also a tag of the cluster of ${other.candidate.source}, ${where}: the key could change both clusters; give each cluster a pair of its own${remedy}`,
  };
}

function taggedOf(candidate: Candidate, position: number): readonly Tagged[] {
  const fields = candidate.settings.fields("policy", "cluster", "region", "accountId", "provider");
  const tags = Object.entries(fields?.cluster.tags ?? {});
  if (fields === undefined || tags.length === 0) {
    return [];
  }
  const { policy, cluster, region, accountId, provider } = fields;
  const marker = strictMarker(policy, { tags: cluster.tags ?? {} });
  return [
    {
      candidate,
      position,
      marker: marker === undefined ? undefined : pair(marker.key, marker.value),
      tags: tags.map(([key, value]) => pair(key, value)),
      partition: partitionOf(region),
      account: accountId ?? parseIamArn(provider.assumeRoleArn ?? "")?.account,
    },
  ];
}

/** Keys of tags in conditions have no case. Source: IAM User Guide, "Controlling access to AWS resources using tags". */
function pair(key: string, value: string): string {
  return `${key.toLowerCase()}=${value}`;
}
