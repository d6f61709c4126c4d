import { strictMarker } from "../../../iam/cluster-marker";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { exposuresOf } from "../../iam/strict-exposure";
import { code, plain, table, trusted } from "../../text/markdown";
import type { TemplateData } from "../../text/template";

/** Mode `strict` for a reviewer: what limits the key, what stays open, what the mode costs. Nothing in other modes. */
export function strictLimits(options: PolicyOptions): TemplateData {
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
    uuidUnknown: cluster.uuid === undefined,
    vpcUnknown: (cluster.existingVPCID ?? cluster.vpcId) === undefined,
  };
}
