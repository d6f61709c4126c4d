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

/** The Regions that the AWS SDK 3.1169.0 knows (`partitions.json`). */
const KNOWN_REGIONS = `
af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2
ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1
eu-central-2 eu-isoe-west-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1
me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1 us-iso-west-1
us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 us-west-1 us-west-2`.split(/\s+/);

/** Whether this version knows a Region. One that it does not know is new, or misspelled. */
export const isKnownRegion = (region: string): boolean => KNOWN_REGIONS.includes(region);

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
