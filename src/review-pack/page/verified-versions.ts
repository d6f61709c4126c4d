import type { Cluster } from "../../iam/cluster";
import { SUPPORTED_VERSIONS, VERIFIED_COMPONENTS } from "../../iam/dkp-versions";
import { plain, prose, table, trusted } from "../../render/markdown";
import type { TemplateData } from "../../render/template";

/** The versions of DKP that the policy is for, and the versions of its components that the catalogue was compared with. */
export function verifiedVersions({ dkpVersion }: Cluster): TemplateData {
  const { first, last } = SUPPORTED_VERSIONS;
  return {
    dkpVersion:
      dkpVersion === undefined
        ? trusted(`not stated: the policy is for ${first} to ${last}; set \`cluster.dkpVersion\` to limit it to one`)
        : prose(dkpVersion),
    verifiedVersion: trusted(last),
    verifiedComponents: table(
      ["component", "versions", "source"],
      VERIFIED_COMPONENTS.map(({ component, versions, source }) => [plain(component), plain(versions), plain(source)]),
    ),
  };
}
