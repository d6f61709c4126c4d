/** 40 characters of base64 that stand alone: the shape of an AWS secret access key. */
const SECRET_KEY_SHAPE = /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;
const PUBLIC_BLOCK = /-----BEGIN (?:PGP PUBLIC KEY|PUBLIC KEY|CERTIFICATE)/;

/** Secrets known by their shape. Every pattern takes time in proportion to the text: no part of it can begin inside its own repetition. */
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
  {
    what: "an access token",
    pattern: /(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|gl(?:pat|ptt|dt|rt|cbt|soat|agent|oas)-)[A-Za-z0-9_-]{16}/,
    source: "GitHub docs, token formats; GitLab docs, token prefixes",
  },
  { what: "an npm token", pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/, source: "npm docs, access tokens" },
  {
    what: "a Slack token",
    pattern: /(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10}|hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9]/,
    source: "Slack API docs, token types, incoming webhooks",
  },
  {
    what: "a Vault token",
    pattern: /(?<![A-Za-z0-9_.-])hv[sbr]\.[A-Za-z0-9_-]{24}/,
    source: "HashiCorp Vault docs, token prefixes",
  },
  {
    what: "an HCP Terraform token",
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{16}/,
    source: "HCP Terraform docs, API tokens",
  },
  {
    what: "an Azure key",
    // A SHA-512 in base64 has the same length, and its algorithm before it.
    pattern:
      /(?<![A-Za-z0-9/+-])[A-Za-z0-9/+]{86}==(?![A-Za-z0-9/+=])|(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31}/,
    source: "Azure docs, storage account access keys (64 bytes in base64), client secrets of Microsoft Entra",
  },
  {
    what: "a JSON web token",
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8}/,
    source: 'RFC 7519: base64 of a header and a payload that begin with {"',
  },
  {
    what: "a Google API key",
    pattern: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/,
    source: "Google Cloud docs, API keys",
  },
  {
    what: "a password",
    pattern: /[a-z0-9+.-]:\/\/[^\s/@:]*:[^\s/@]+@/i,
    source: "RFC 3986, user information of a URL",
  },
  {
    what: "a password",
    pattern: /(?<![a-z0-9])(?:ssl)?(?:password|passwd|passphrase|pwd)["']?\s{0,9}[=:]\s{0,9}[^\s&=:]/i,
    source: "libpq connection strings; PASSWORD=... of environments; password: ... of YAML",
  },
  {
    what: "a secret in a query",
    pattern: /[?&](?:[a-z]{1,20}[_-]){0,3}(?:token|secret|password|signature|sig|api_?key|access_?key|client_?secret)=[^&\s#]/i,
    source: "queries of GitLab's state API (private_token), of Azure's SAS (sig), of presigned AWS URLs (X-Amz-Signature)",
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
