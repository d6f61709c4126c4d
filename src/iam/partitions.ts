/**
 * The AWS partitions besides `aws`, by the first words of their Region names, and a Region of each that no account can be without,
 * where IAM has its endpoint. Source: `partitions.json` of the AWS SDKs (`regionRegex`); "Regions and Zones".
 */
const PARTITIONS = [
  { prefix: "cn-", partition: "aws-cn", alwaysOn: "cn-north-1" },
  { prefix: "us-gov-", partition: "aws-us-gov", alwaysOn: "us-gov-west-1" },
  { prefix: "us-iso-", partition: "aws-iso", alwaysOn: "us-iso-east-1" },
  { prefix: "us-isob-", partition: "aws-iso-b", alwaysOn: "us-isob-east-1" },
  { prefix: "eu-isoe-", partition: "aws-iso-e", alwaysOn: "eu-isoe-west-1" },
  { prefix: "us-isof-", partition: "aws-iso-f", alwaysOn: "us-isof-south-1" },
  { prefix: "eusc-", partition: "aws-eusc", alwaysOn: "eusc-de-east-1" },
] as const;

/** Format of all existing Region names: `eu-central-1`, `us-gov-west-1`, `us-isob-east-1`. */
export const REGION = /^[a-z]{2,4}(?:-[a-z]+){1,2}-[1-9]\d?$/;

const partitionWith = (region: string) => PARTITIONS.find(({ prefix }) => region.startsWith(prefix));

/** The partition that a Region belongs to; `aws` for all commercial Regions. */
export function partitionOf(region: string): string {
  return partitionWith(region)?.partition ?? "aws";
}

/** A Region of the same partition that every account has, to call AWS about other Regions. */
export function alwaysOnRegion(region: string): string {
  return partitionWith(region)?.alwaysOn ?? "us-east-1";
}
