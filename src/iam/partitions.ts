/**
 * AWS partitions by the first words of their region names.
 * Source: `partitions.json` of the AWS SDKs (its `regionRegex` fields); the longest prefix wins.
 */
const PARTITION_OF_PREFIX: Readonly<Record<string, string>> = {
  "cn-": "aws-cn",
  "us-gov-": "aws-us-gov",
  "us-iso-": "aws-iso",
  "us-isob-": "aws-iso-b",
  "eu-isoe-": "aws-iso-e",
  "us-isof-": "aws-iso-f",
  "eusc-": "aws-eusc",
};

/** Format of all existing Region names: `eu-central-1`, `us-gov-west-1`, `us-isob-east-1`. */
export const REGION = /^[a-z]{2,4}(?:-[a-z]+){1,2}-[1-9]\d?$/;

/** A Region name with a letter behind it is an availability zone: `eu-central-1a`. */
const AVAILABILITY_ZONE = /^([a-z]{2,4}(?:-[a-z]+){1,2}-[1-9]\d?)[a-z]$/;

/** The partition that a Region belongs to; `aws` for all commercial Regions. */
export function partitionOf(region: string): string {
  return Object.entries(PARTITION_OF_PREFIX).find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}

/** The Region that an availability zone's name begins with, if it is one. */
export function regionOfZone(zone: string): string | undefined {
  return AVAILABILITY_ZONE.exec(zone)?.[1];
}
