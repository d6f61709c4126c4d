import type { Cluster } from "../../../iam/cluster";
import { SUPPORTED_VERSIONS, VERIFIED_COMPONENTS } from "../../../iam/dkp-versions";
import { type Markdown, plain, prose, table, trusted } from "../../../text/markdown";
import type { TemplateData } from "../../../text/template";

/** The versions of DKP that the policy is for. */
export function dkpVersionFact({ dkpVersion }: Cluster): Markdown {
  const { first, last } = SUPPORTED_VERSIONS;
  return dkpVersion === undefined ? trusted(`not stated: the policy is for ${first} to ${last}`) : prose(dkpVersion);
}

/** The versions of DKP's components that the catalogue was compared with. */
export function verifiedVersions(): TemplateData {
  return {
    verifiedVersion: trusted(SUPPORTED_VERSIONS.last),
    verifiedComponents: table(
      ["component", "versions", "source"],
      VERIFIED_COMPONENTS.map(({ component, versions, source }) => [plain(component), plain(versions), plain(source)]),
    ),
  };
}
