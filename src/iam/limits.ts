import { visible } from "../text/printable";

/** Rule for the name of an IAM entity: characters and length. Source: IAM API Reference and "IAM and AWS STS quotas". */
export interface NameRule {
  /** "an IAM user name" */
  readonly what: string;
  readonly max: number;
  readonly pattern: RegExp;
}

const nameRule = (what: string, max: number): NameRule => ({
  what,
  max,
  // Only ASCII: `\w` in IAM patterns contains no letters of other alphabets.
  pattern: new RegExp(`^[A-Za-z0-9_+=,.@-]{1,${max}}$`),
});

export const USER_NAME = nameRule("an IAM user name", 64);
export const ROLE_NAME = nameRule("an IAM role name", 64);
export const POLICY_NAME = nameRule("an IAM policy name", 128);
export const GROUP_NAME = nameRule("an IAM group name", 128);

/** Path of a user, role or group: "/" or "/a/b/", at most 512 characters. */
export const PATH = /^\/(?:[\x21-\x7e]{1,510}\/)?$/;

/** Path of a managed policy, at most 512 characters. Source: IAM API reference, `policyPathType` of CreatePolicy. */
export const POLICY_PATH = /^(?=.{1,512}$)(?:\/[A-Za-z0-9.,+@=_-]+)*\/$/;

/** Why a path violates the rule for users, roles and groups, as a continuation of `"PATH" ...`; undefined if it does not. */
export function pathError(path: string): string | undefined {
  return PATH.test(path)
    ? undefined
    : 'is not an IAM path: "/" or a string without spaces that begins and ends with "/", at most 512 characters; for example "/platform/"';
}

/** The same for the path of a managed policy. */
export function policyPathError(path: string): string | undefined {
  const rule =
    'is not the path of a policy, which takes only A-Z a-z 0-9 and . , + @ = _ - with single "/" between; choose another';
  return pathError(path) ?? (POLICY_PATH.test(path) ? undefined : rule);
}

/** Paths that only AWS creates roles in. Source: IAM user guide, service-linked roles; IAM Identity Center user guide, roles. */
export const RESERVED_ROLE_PATHS = ["/aws-reserved/", "/aws-service-role/"] as const;

/** Characters of a managed policy's description. IAM states no pattern for it. Source: IAM API reference, `policyDescriptionType`. */
export const MAX_DESCRIPTION = 1000;

/** Maximum length of a managed policy in characters without white space. Source: "IAM and AWS STS quotas". */
export const MAX_POLICY_CHARACTERS = 6144;

/**
 * Maximum number of managed policies of a deployment: during a change, the additional ones are attached twice, and IAM attaches at most
 * 10 to a user or a group by default. Source: "IAM and AWS STS quotas".
 */
export const MAX_POLICIES = 5;

/** Managed policies of one role: what an account has, and what it can get. Source: "IAM and AWS STS quotas". */
export const ROLE_POLICIES = { byDefault: 10, max: 25 } as const;

/** Characters of all inline policies of one role, white space not counted. Source: "IAM and AWS STS quotas". */
export const MAX_ROLE_INLINE_CHARACTERS = 10_240;

/** Tags of one IAM entity. Source: "IAM and AWS STS quotas". */
export const MAX_TAGS = 50;

/** Key and value of a tag. */
export const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
export const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** Why a name violates its rule, as a continuation of `"NAME" ...`; undefined if it does not. */
export function nameError(name: string, rule: NameRule): string | undefined {
  if (rule.pattern.test(name)) {
    return undefined;
  }
  if (name === "") {
    return `is empty, ${rule.what} has 1 to ${rule.max} characters`;
  }
  const invalid = /[^A-Za-z0-9_+=,.@-]/u.exec(name)?.[0];
  if (invalid !== undefined) {
    return `has the character ${visible(JSON.stringify(invalid))}, ${rule.what} takes only A-Z a-z 0-9 and _ + = , . @ -`;
  }
  return `has ${name.length} characters, ${rule.what} has at most ${rule.max}`;
}
