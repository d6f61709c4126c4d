/** Errors of strings that no settings may contain, as a value or a key. */
export function forbiddenStrings(
  value: unknown,
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  return stringsIn(value, []).flatMap(({ path, string }) => {
    const message = templateError(string) ?? keyError(path, string) ?? secretError(string);
    return message === undefined ? [] : [{ path, message }];
  });
}

/**
 * Terraform would run `${...}` and `%{...}`, for example `${file("...")}`, and no setting needs
 * them. CDKTF's tokens become such expressions at synth. `&{...}` is a variable of IAM in
 * `aws_iam_policy_document`.
 */
function templateError(text: string): string | undefined {
  const [sign] = /[$%&]\{|TfToken\[/.exec(text) ?? [];
  return sign && `holds "${sign}", which Terraform would replace; write the value itself`;
}

/**
 * Keys that would get lost on the way to Terraform: JavaScript objects treat some in their own way,
 * and `//` is CDKTF's for comments.
 */
function keyError(path: readonly string[], text: string): string | undefined {
  const isLost =
    path.at(-1) === text && ["__proto__", "constructor", "prototype", "//"].includes(text);
  return isLost ? "is a name that cannot be used here; choose another" : undefined;
}

function secretError(text: string): string | undefined {
  const secret = secretIn(text);
  return secret === undefined
    ? undefined
    : `looks like ${secret} (not shown) and settings are committed; remove it`;
}

/** Every string in a value, keys of objects included. */
function stringsIn(
  value: unknown,
  path: readonly string[],
): readonly { path: readonly string[]; string: string }[] {
  if (typeof value === "string") {
    return [{ path, string: value }];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, content]) => {
    const below = [...path, key];
    return [
      ...(Array.isArray(value) ? [] : [{ path: below, string: key }]),
      ...stringsIn(content, below),
    ];
  });
}

/**
 * Secrets by their shape; scanners such as gitleaks find others. Source: IAM user guide, "IAM
 * identifiers"; RFC 7468; key files of Google Cloud; age-encryption.org/v1.
 */
const SHAPES = {
  "an AWS access key ID": /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])/,
  "a private key": /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|"private_key"\s*:|AGE-SECRET-KEY-1/,
};

/** 40 characters of base64 that stand alone: the shape of an AWS secret access key. */
const SECRET_KEY = /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
const PUBLIC_BLOCK = /-----BEGIN (?:PUBLIC KEY|CERTIFICATE)/;

/** The kind of secret that a text seems to contain. Checksums, commits and public keys are none. */
export function secretIn(text: string): string | undefined {
  const shape = Object.entries(SHAPES).find(([, pattern]) => pattern.test(text));
  if (shape !== undefined) {
    return shape[0];
  }
  // An ARN's path or the last line of a public key may well have 40 characters of mixed case.
  const isPublic = text.startsWith("arn:") || PUBLIC_BLOCK.test(text);
  return !isPublic && (text.match(SECRET_KEY) ?? []).some(looksRandom)
    ? "an AWS secret access key"
    : undefined;
}

/**
 * Whether characters are random: paths of words have few digits and repeat their letters,
 * hexadecimal digits end at f. Of 300,000 random strings 0.1 percent have no digit, and 3 had at
 * most 20 different characters.
 */
function looksRandom(text: string): boolean {
  return /\d/.test(text) && /[A-Z]/.test(text) && /[g-z]/.test(text) && new Set(text).size > 20;
}
