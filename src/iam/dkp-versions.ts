/** A DKP release line, such as `1.77`. */
export type DkpVersion = `1.${number}`;

/** Release lines that a policy covers. All have version 5 of the Terraform AWS provider. */
export const SUPPORTED_VERSIONS = { first: "1.70", last: "1.77" } as const;

/** 1.66, the first release line that the catalogue knows, and newer ones, which may exist. */
export const DKP_VERSION: RegExp = /^1\.(?:6[6-9]|[7-9]\d|[1-9]\d{2,})$/;

/** The release lines for which a fact is true; absent: without a limit. */
export interface VersionRange {
  readonly since?: DkpVersion;
  /** Inclusive. */
  readonly until?: DkpVersion;
}

/**
 * Whether a fact is true for a version.
 * @param version undefined: for any supported one
 */
export function appliesTo({ since, until }: VersionRange, version?: DkpVersion): boolean {
  const { first, last } =
    version === undefined ? SUPPORTED_VERSIONS : { first: version, last: version };
  return (
    (since === undefined || minorOf(since) <= minorOf(last)) &&
    (until === undefined || minorOf(until) >= minorOf(first))
  );
}

/** Whether a version is newer than another one. */
export function isNewer(version: DkpVersion, other: DkpVersion): boolean {
  return minorOf(version) > minorOf(other);
}

/** `1.70` is newer than `1.9`: the second part is a number of its own. */
function minorOf(version: DkpVersion): number {
  return Number(version.split(".")[1]);
}
