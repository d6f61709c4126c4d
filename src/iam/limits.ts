/**
 * A rule for a string: its form, and why another string violates it, as a continuation of
 * `"VALUE" ...`.
 */
export interface TextRule {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** Source: IAM API Reference and "IAM and AWS STS quotas". */
const nameRule = (what: string, max: number): TextRule => ({
  // Only ASCII: `\w` in IAM patterns contains no letters of other alphabets.
  pattern: new RegExp(`^[A-Za-z0-9_+=,.@-]{1,${max}}$`),
  reason: `is not ${what}, which has 1 to ${max} characters of A-Z a-z 0-9 and _ + = , . @ -`,
});

export const USER_NAME: TextRule = nameRule("an IAM user name", 64);
export const ROLE_NAME: TextRule = nameRule("an IAM role name", 64);
/**
 * The ID of a long-term key of an IAM user. `ASIA` IDs belong to temporary credentials. Source:
 * "IAM identifiers", unique ID prefixes.
 */
export const ACCESS_KEY_ID: RegExp = /^AKIA[A-Z0-9]{16}$/;

export const POLICY_NAME: TextRule = nameRule("an IAM policy name", 128);
/** The second policy has this name and `-2`. */
export const FIRST_POLICY_NAME: TextRule = nameRule(
  "a policy name to which -2 of a second policy can be added",
  126,
);

/** The description of the policy in the DKP documentation. */
export const POLICY_DESCRIPTION = "Deckhouse policy";

/** Path of a user or role: "/" or "/a/b/". */
export const PATH: TextRule = {
  pattern: /^\/(?:[\x21-\x7e]{1,510}\/)?$/,
  reason:
    'is not an IAM path: "/" or a string without spaces that begins and ends with "/", ' +
    'at most 512 characters; for example "/platform/"',
};

/** Path of a managed policy. Source: IAM API reference, `policyPathType` of CreatePolicy. */
export const POLICY_PATH: TextRule = {
  pattern: /^(?=.{1,512}$)(?:\/[A-Za-z0-9.,+@=_-]+)*\/$/,
  reason:
    'is not the path of a policy: "/" or words of A-Z a-z 0-9 and . , + @ = _ - ' +
    'between single "/", at most 512 characters; for example "/platform/"',
};

/**
 * Paths that only AWS creates roles in. Source: IAM user guide, service-linked roles; IAM Identity
 * Center user guide, roles.
 */
export const RESERVED_ROLE_PATHS = ["/aws-reserved/", "/aws-service-role/"] as const;

/** Characters without white space. Source: "IAM and AWS STS quotas". */
export const MAX_POLICY_CHARACTERS = 6144;

/** The highest quota that an account can get. Source: "IAM and AWS STS quotas". */
export const MAX_ROLE_POLICIES = 25;

/**
 * Characters of all inline policies of one role, white space not counted. Source: "IAM and AWS STS
 * quotas".
 */
export const MAX_ROLE_INLINE_CHARACTERS = 10_240;

/** Of one IAM entity. Source: "IAM and AWS STS quotas". */
export const MAX_TAGS = 50;

export const TAG_KEY: RegExp = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
export const TAG_VALUE: RegExp = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
