/** What people read in ARNs for the account where the settings do not have it. */
export const ACCOUNT_ID = "ACCOUNT_ID";

/** An ARN as a value: its account may be known only at plan, and text for it is chosen where the ARN is rendered. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** Empty in ARNs of IAM. */
  readonly region: string;
  /** 12 digits, or empty in ARNs of images and snapshots. @default the account of the deployment */
  readonly account?: string;
  /** `vpc/vpc-0123456789abcdef0`, with wildcards in a policy. */
  readonly resource: string;
}

/** An ARN as text. @param account stands for the account of the deployment */
export function arnText({ partition, service, region, account: own, resource }: Arn, account: string): string {
  return `arn:${partition}:${service}:${region}:${own ?? account}:${resource}`;
}

const IAM_ARN = /^arn:aws[a-z-]*:iam::(\d{12}|aws):([a-z-]+)\/(?:[\x21-\x7e]{1,510}\/)?[A-Za-z0-9_+=,.@-]{1,128}$/;

/**
 * The account (12 digits, or `aws` for AWS managed entities) and the kind (`policy`, `role`, `user`, ...) in an IAM ARN; undefined if the
 * string is none.
 */
export function parseIamArn(arn: string): { readonly account: string; readonly kind: string } | undefined {
  const [, account = "", kind] = IAM_ARN.exec(arn) ?? [];
  return kind === undefined ? undefined : { account, kind };
}

/** ARN of a KMS key by its ID, a multi-Region key included. Source: KMS Developer Guide, "Key identifiers (KeyId)". */
export const KMS_KEY_ARN =
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

/** The ARN of an IAM entity, which has no Region: `role/dev-node`, `user/team/deckhouse`. */
export function iamResourceArn(
  { partition, account }: Readonly<Record<"partition" | "account", string>>,
  resource: string,
): string {
  return arnText({ partition, service: "iam", region: "", resource }, account);
}

/** The ARN of a managed policy of an account. */
export function policyArn(policy: Readonly<Record<"partition" | "account" | "path" | "name", string>>): string {
  return iamResourceArn(policy, `policy${policy.path}${policy.name}`);
}
