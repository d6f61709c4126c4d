import { strictMarker } from "../../../iam/cluster-marker";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { exposuresOf } from "../../../iam/strict-exposure";
import { code, list, type Markdown, md, plain, table, trusted } from "../../../text/markdown";

/** Mode `strict` for a reviewer: what limits the key, what stays open, what the mode costs. Nothing in other modes. */
export function strictLimits(options: PolicyOptions): {
  readonly strict: boolean;
  readonly wide: boolean;
  readonly marker: Markdown;
  readonly strictExposures: Markdown;
  readonly strictCosts: Markdown;
} {
  const { mode, cluster } = options;
  const marker = strictMarker(options, cluster);
  const exposures = marker === undefined ? [] : exposuresOf(cluster);
  return {
    strict: marker !== undefined,
    wide: mode === "scoped" || mode === "minimal",
    marker: code(marker === undefined ? "" : `${marker.key}=${marker.value}`),
    strictExposures: table(
      ["what stays open", "measured", "the key can", "reason"],
      exposures.map(({ kind, open, of, what, why }) => [plain(kind), trusted(`${open} of ${of}`), plain(what), plain(why)]),
    ),
    strictCosts: list(costsOf(options)),
  };
}

function costsOf({ cluster: { uuid, existingVPCID, vpcId = existingVPCID } }: PolicyOptions): readonly Markdown[] {
  return [
    ...(uuid === undefined
      ? [md`${code("cluster.uuid")} is not set: after the bootstrap, it limits load balancers and their groups.`]
      : []),
    ...(vpcId === undefined
      ? [md`${code("cluster.vpcId")} is not set: after the bootstrap, it limits interfaces and groups.`]
      : []),
    md`The marker can never leave ${code("tags")} of the cluster: DKP could not change or delete what lost it.`,
    md`Objects from before the marker must be tagged or replaced before the mode is applied. The preflight lists them.`,
    md`Security groups of the user need the marker, or the VPC must be known.`,
    md`Snapshots that the EBS CSI driver did not create can neither be restored nor deleted.`,
  ];
}
