/** 40 characters of base64 that stand alone: the shape of an AWS secret access key. */
const SECRET_KEY_SHAPE = /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
const ACCESS_KEY_ID = /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])/;
const PRIVATE_KEY_BLOCK = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|"private_key"\s*:/;
/** Tokens of GitHub and GitLab, known by their first letters. */
const ACCESS_TOKEN = /(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-)[A-Za-z0-9_-]{16,}/;
const PUBLIC_BLOCK = /-----BEGIN (?:PGP PUBLIC KEY|PUBLIC KEY|CERTIFICATE)/;
const PASSWORD_IN_TEXT = /(?:^|[\s;?&])password\s*=\s*[^\s&]/i;
const PASSWORD_IN_URL = /[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;

/**
 * Entropy, in bits per character, below which 40 mixed-case characters are words and not random.
 * Of 300,000 random base64 strings of that length the lowest had 4.15; paths of words have about 4.
 */
const RANDOM_ENTROPY = 4.1;

/** Names what secret a text seems to hold, or undefined. Pure hex (checksums, commits) and public keys are none. */
export function secretIn(text: string): string | undefined {
  if (ACCESS_KEY_ID.test(text)) {
    return "an AWS access key id";
  }
  if (PRIVATE_KEY_BLOCK.test(text)) {
    return "a private key";
  }
  if (ACCESS_TOKEN.test(text)) {
    return "an access token";
  }
  if (PASSWORD_IN_URL.test(text) || PASSWORD_IN_TEXT.test(text)) {
    return "a password";
  }
  // An ARN's path or the last line of a public key may well have 40 characters of mixed case.
  if (!text.startsWith("arn:") && !PUBLIC_BLOCK.test(text) && secretKeysIn(text).length > 0) {
    return "an AWS secret access key";
  }
  return undefined;
}

/** Every part of a text that has the shape of an AWS secret access key. */
export function secretKeysIn(text: string): readonly string[] {
  return (text.match(SECRET_KEY_SHAPE) ?? []).filter(looksRandom);
}

function looksRandom(text: string): boolean {
  return /[A-Z]/.test(text) && /[a-z]/.test(text) && !/^[0-9a-f]+$/i.test(text) && entropy(text) >= RANDOM_ENTROPY;
}

function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
