/** 40 characters of base64 that stand alone: the shape of an AWS secret access key. */
const SECRET_KEY_SHAPE = /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
const PUBLIC_BLOCK = /-----BEGIN (?:PGP PUBLIC KEY|PUBLIC KEY|CERTIFICATE)/;

/** AWS keys and private keys by their shape; other secrets are the business of scanners such as gitleaks. Every pattern takes time in proportion to the text: no part of it can begin inside its own repetition. */
const SHAPES: readonly { readonly what: string; readonly pattern: RegExp; readonly source: string }[] = [
  {
    what: "an AWS access key id",
    pattern: /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])/,
    source: "IAM user guide, IAM identifiers",
  },
  {
    what: "an AWS session token",
    pattern: /(?<![A-Za-z0-9/+])(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=]{40}/,
    source: "measured: first bytes of tokens of AWS STS, by age of the region",
  },
  {
    what: "a private key",
    pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|"private_key"\s*:|AGE-SECRET-KEY-1/,
    source: "RFC 7468; key files of Google Cloud; age-encryption.org/v1",
  },
];

/**
 * Entropy, in bits per character, below which 40 mixed-case characters are words and not random.
 * Of 300,000 random base64 strings of that length the lowest had 4.15; paths of words have about 4.
 */
const RANDOM_ENTROPY = 4.1;

/** Names what secret a text seems to hold, or undefined. Pure hex (checksums, commits) and public keys are none. */
export function secretIn(text: string): string | undefined {
  const shape = SHAPES.find(({ pattern }) => pattern.test(text));
  if (shape !== undefined) {
    return shape.what;
  }
  // An ARN's path or the last line of a public key may well have 40 characters of mixed case.
  return !text.startsWith("arn:") && !PUBLIC_BLOCK.test(text) && secretKeysIn(text).length > 0
    ? "an AWS secret access key"
    : undefined;
}

/** Every part of a text that has the shape of an AWS secret access key. */
function secretKeysIn(text: string): readonly string[] {
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
