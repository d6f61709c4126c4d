/** A DKP release line, such as `1.77`. */
export type DkpVersion = `1.${number}`;

/** The release lines that `cluster.dkpVersion` can be. The catalogue knows what changed since the first one. */
export const KNOWN_VERSIONS = Array.from({ length: 12 }, (_, index): DkpVersion => `1.${66 + index}`);

/** The first of the known release lines and newer ones, which may exist. */
export const DKP_VERSION = /^1\.(?:6[6-9]|[7-9]\d|[1-9]\d{2,})$/;

/** Release lines that a policy covers if `cluster.dkpVersion` is absent. All have version 5 of the Terraform AWS provider. */
export const SUPPORTED_VERSIONS = { first: "1.70", last: "1.77" } as const satisfies Readonly<Record<string, DkpVersion>>;

const OSS_LIST = "deckhouse/deckhouse modules/030-cloud-provider-aws/oss.yaml";

/**
 * The components of DKP in the versions that the catalogue was compared with, and the day: all of DKP 1.77. Its cloud controller
 * managers 1.32.8 and 1.35.2 could not be read.
 */
export const VERIFIED_COMPONENTS = [
  { component: "cloud-controller-manager", versions: "1.33.4, 1.34.3, 1.36.0", date: "2026-11-27", source: OSS_LIST },
  { component: "ebs-csi", versions: "1.54.0", date: "2026-11-25", source: OSS_LIST },
  {
    component: "machine-controller-manager",
    versions: "0.36.0",
    date: "2026-11-25",
    source: "deckhouse/mcm pkg/driver/driver_aws.go",
  },
  {
    component: "terraform",
    versions: "provider 5.83.1, measured with 5.100.0",
    date: "2026-11-25",
    source: "deckhouse/deckhouse candi/terraform_versions.yml",
  },
] as const;

/** The release lines for which a fact is true; absent: without a limit. */
export interface VersionRange {
  readonly since?: DkpVersion;
  /** Inclusive. */
  readonly until?: DkpVersion;
}

/** The version that a policy is for: of a newer one than the newest known one, that. */
export function coveredVersion(version: DkpVersion): DkpVersion {
  return isNewer(version, SUPPORTED_VERSIONS.last) ? SUPPORTED_VERSIONS.last : version;
}

/** Whether a fact is true for a version, or for any supported one if the version is unknown. */
export function appliesTo({ since, until }: VersionRange, version: DkpVersion | undefined): boolean {
  const covered = version === undefined ? undefined : coveredVersion(version);
  const { first, last } = covered === undefined ? SUPPORTED_VERSIONS : { first: covered, last: covered };
  return (since === undefined || minorOf(since) <= minorOf(last)) && (until === undefined || minorOf(until) >= minorOf(first));
}

/** Whether a version is newer than another one. */
export function isNewer(version: DkpVersion, other: DkpVersion): boolean {
  return minorOf(version) > minorOf(other);
}

/** `1.70` is newer than `1.9`: the second part is a number of its own. */
function minorOf(version: DkpVersion): number {
  return Number(version.split(".")[1]);
}
