/** The parts of an IAM ARN that settings are checked by. */
export interface IamArn {
  readonly partition: string;
  /** 12 digits, or `aws` for what AWS manages. */
  readonly account: string;
  /** `policy`, `role`, `user`, ... */
  readonly kind: string;
  /** Without its path. */
  readonly name: string;
}

const IAM_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}|aws):([a-z-]+)\/(?:[\x21-\x7e]{1,510}\/)?([A-Za-z0-9_+=,.@-]{1,128})$/;

/** Longest names of what is found by ARN. Source: "IAM and AWS STS quotas". */
const MAX_NAME: Readonly<Record<string, number>> = { policy: 128, role: 64, user: 64 };

/** Reads an IAM ARN; undefined if the text is none, or if IAM has no such long names. */
export function parseIamArn(arn: string): IamArn | undefined {
  const match = IAM_ARN.exec(arn);
  if (match === null) {
    return undefined;
  }
  const [, partition = "", account = "", kind = "", name = ""] = match;
  return name.length > (MAX_NAME[kind] ?? 128) ? undefined : { partition, account, kind, name };
}

/** The ARN of something in IAM, which knows no regions: `role/dev-node`, `user/team/deckhouse`. */
export function iamResourceArn(
  { partition, account }: { readonly partition: string; readonly account: string },
  resource: string,
): string {
  return `arn:${partition}:iam::${account}:${resource}`;
}

/** The ARN of a managed policy of an account. */
export function policyArn(policy: {
  readonly partition: string;
  readonly account: string;
  readonly path: string;
  readonly name: string;
}): string {
  return iamResourceArn(policy, `policy${policy.path}${policy.name}`);
}

/** What IAM finds a user, policy, group or role by. */
export interface IamResource {
  readonly name: string;
  /** "/" or "/a/b/". */
  readonly path: string;
}

/** The ARN of something in IAM as a policy names it: in any account where that is unknown, characters taken literally. */
export function iamArn(
  { partition, account = "*" }: { readonly partition: string; readonly account?: string | undefined },
  kind: string,
  { path, name }: IamResource,
): string {
  return iamResourceArn({ partition, account }, `${kind}${literal(path)}${name}`);
}

/** A text of which no character is a wildcard in a policy's `Resource`. Source: "IAM policy elements: Variables and tags". */
export function literal(text: string): string {
  return text.replaceAll(/[*?]/g, (wildcard) => `\${${wildcard}}`);
}
