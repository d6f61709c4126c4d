/** The placeholder in ARNs if the settings do not have the account. */
export const ACCOUNT_ID = "ACCOUNT_ID";

/**
 * An ARN as a value: its account may be known only at plan, and text for it is chosen where the ARN
 * is rendered.
 */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** Empty in ARNs of IAM. */
  readonly region: string;
  /**
   * 12 digits, or empty in ARNs of images and snapshots.
   * @default the account of the deployment
   */
  readonly account?: string;
  /** `vpc/vpc-0123456789abcdef0`, with wildcards in a policy. */
  readonly resource: string;
}

/**
 * An ARN as text.
 * @param account stands for the account of the deployment
 */
export function arnText(
  { partition, service, region, account: own, resource }: Arn,
  account: string,
): string {
  return `arn:${partition}:${service}:${region}:${own ?? account}:${resource}`;
}

const IAM_ARN =
  /^arn:aws[a-z-]*:iam::(\d{12}|aws):([a-z-]+)\/(?:[\x21-\x7e]{1,510}\/)?[\w+=,.@-]{1,128}$/;

/**
 * The account (12 digits, or `aws` for AWS managed entities) and the kind (`policy`, `role`,
 * `user`, ...) in an IAM ARN; undefined if the string is none.
 */
export function parseIamArn(
  arn: string,
): { readonly account: string; readonly kind: string } | undefined {
  const [, account = "", kind] = IAM_ARN.exec(arn) ?? [];
  return kind === undefined ? undefined : { account, kind };
}

const KMS_KEY_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}/;

/**
 * ARN of a KMS key by its ID, a multi-Region key included. Source: KMS Developer Guide, "Key
 * identifiers (KeyId)".
 */
export const KMS_KEY_ARN: RegExp = new RegExp(
  `^arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:key/(?:${KMS_KEY_ID.source})$`,
);

/** The ARN of an IAM entity, which has no Region: `role/dev-node`, `user/team/deckhouse`. */
export function iamResourceArn(
  { partition, account }: Required<Pick<Arn, "partition" | "account">>,
  resource: string,
): string {
  return arnText({ partition, service: "iam", region: "", resource }, account);
}

/** The ARN of a managed policy of an account. */
export function policyArn(
  policy: Readonly<Record<"partition" | "account" | "path" | "name", string>>,
): string {
  return iamResourceArn(policy, `policy${policy.path}${policy.name}`);
}

/**
 * The AWS partitions besides `aws`, by the first words of their Region names, and a Region of each
 * that no account can be without, where IAM has its endpoint. Source: `partitions.json` of the AWS
 * SDKs (`regionRegex`); "Regions and Zones".
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
export const KNOWN_REGIONS: readonly string[] = `
af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2
eu-isoe-west-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1
il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2
us-gov-east-1 us-gov-west-1 us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1
us-isof-south-1 us-west-1 us-west-2`
  .trim()
  .split(/\s+/);

/** A Region that this version does not know is new, or misspelled. */
export const isKnownRegion = (region: string): boolean => KNOWN_REGIONS.includes(region);

/**
 * The words for directions in the names of Regions. New Regions have the same ones; countries and
 * isolated partitions get new words.
 */
export const DIRECTIONS: readonly string[] = [
  ...new Set(KNOWN_REGIONS.flatMap((region) => region.match(/-(?!iso)[a-z]{4,}(?=-)/g) ?? [])),
].map((word) => word.slice(1));

/** The words for countries, continents and partitions that names of Regions begin with. */
export const COUNTRIES: readonly string[] = [
  ...new Set(KNOWN_REGIONS.map((region) => region.replace(/-.*/, ""))),
];

/** Format of all existing Region names: `eu-central-1`, `us-gov-west-1`, `us-isob-east-1`. */
export const REGION: RegExp = /^[a-z]{2,4}(?:-[a-z]+){1,2}-[1-9]\d?$/;

const partitionWith = (region: string) =>
  PARTITIONS.find(({ prefix }) => region.startsWith(prefix));

/** The partition that a Region belongs to; `aws` for all commercial Regions. */
export function partitionOf(region: string): string {
  return partitionWith(region)?.partition ?? "aws";
}

/** A Region of the same partition that every account has, to call AWS about other Regions. */
export function alwaysOnRegion(region: string): string {
  return partitionWith(region)?.alwaysOn ?? "us-east-1";
}
