import { strictMarker } from "../../iam/cluster-marker";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import { type Account, accountOf, STATE_ACCOUNTS, sameAccount } from "./account";
import type { Candidate } from "./candidate";

/** A deployment whose cluster has tags. */
interface Tagged {
  readonly candidate: Candidate;
  readonly position: number;
  /** The tag that mode `strict` limits the key to, as `key=value`; undefined in other modes. */
  readonly marker: string | undefined;
  /** All tags of the cluster, in the same form. */
  readonly tags: readonly string[];
  readonly account: Account;
}

/**
 * Deployments in mode `strict` whose marker is a tag of another cluster of the account: the key of the one could change the other one.
 * An account that the settings do not name counts as the same one.
 */
export function markerConflicts(candidates: readonly Candidate[]): readonly (readonly [Candidate, FieldError])[] {
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
  return tagged.flatMap((one) => {
    const sharing = one.marker === undefined ? [] : (byTag.get(one.marker) ?? []);
    const other = sharing.find((candidate) => concerns(one, candidate));
    return other === undefined ? [] : [[one.candidate, conflict(one, other)] as const];
  });
}

/** Of two deployments with the same marker, the first one is assumed to be right. */
function concerns(one: Tagged, other: Tagged): boolean {
  const isLater = other.marker !== one.marker || other.position < one.position;
  return one !== other && isLater && sameAccount(one.account, other.account) !== "no";
}

function conflict({ account, candidate, marker }: Tagged, other: Tagged): FieldError {
  const isSame = sameAccount(account, other.account) === "yes";
  const where = isSame ? "in the same account" : "which may be in the same account";
  const remedy = isSame ? "" : `; ${STATE_ACCOUNTS}`;
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
  const { policy, cluster } = fields;
  const marker = strictMarker(policy, { tags: cluster.tags ?? {} });
  return [
    {
      candidate,
      position,
      marker: marker === undefined ? undefined : pair(marker.key, marker.value),
      tags: tags.map(([key, value]) => pair(key, value)),
      account: accountOf(fields),
    },
  ];
}

/** Keys of tags in conditions have no case. Source: IAM User Guide, "Controlling access to AWS resources using tags". */
function pair(key: string, value: string): string {
  return `${key.toLowerCase()}=${value}`;
}
