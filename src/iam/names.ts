/** What IAM calls its things: character set and length. Source: IAM API reference and "IAM and AWS STS quotas". */
export interface NameRule {
  /** "an IAM user name" */
  readonly what: string;
  readonly max: number;
  readonly pattern: RegExp;
}

const nameRule = (what: string, max: number): NameRule => ({
  what,
  max,
  // ASCII on purpose: IAM's `\w` has no letters of other alphabets.
  pattern: new RegExp(`^[A-Za-z0-9_+=,.@-]{1,${max}}$`),
});

export const USER_NAME = nameRule("an IAM user name", 64);
export const ROLE_NAME = nameRule("an IAM role name", 64);
export const POLICY_NAME = nameRule("an IAM policy name", 128);
export const GROUP_NAME = nameRule("an IAM group name", 128);

/** Path of a user, policy, role or group: "/" or "/a/b/", at most 512 characters. */
export const PATH = /^\/(?:[\x21-\x7e]{1,510}\/)?$/;

/** Description of a managed policy: printable text on one line, at most 1,000 characters. */
export const DESCRIPTION = /^[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]{0,1000}$/u;

/** Tags of one IAM entity: count, key and value. */
export const MAX_TAGS = 50;
export const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
export const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** Says why a name breaks its rule, in words that continue `"NAME" ...`; undefined if it does not. */
export function nameProblem(name: string, rule: NameRule): string | undefined {
  if (rule.pattern.test(name)) {
    return undefined;
  }
  if (name === "") {
    return `is empty, ${rule.what} has 1 to ${rule.max} characters`;
  }
  const stranger = /[^A-Za-z0-9_+=,.@-]/u.exec(name)?.[0];
  if (stranger !== undefined) {
    return `has the character ${JSON.stringify(stranger)}, ${rule.what} takes only A-Z a-z 0-9 and _ + = , . @ -`;
  }
  return `has ${name.length} characters, ${rule.what} has at most ${rule.max}`;
}
