import { secretKeysIn } from "../../../settings/secrets";
import { BACKEND_TYPES, backendType } from "../../../terraform/backends";

/** Where the secret of an access key, or a credential of the backend, is in plaintext. Never contains the secret itself. */
export interface Finding {
  /** `resources.aws_iam_access_key.user.instances.0.attributes.secret`, or `line 3` of a file that is not JSON. */
  readonly location: string;
  readonly what: string;
}

/** Attributes of `aws_iam_access_key` that are credentials: the SMTP password is derived from the secret. */
const CREDENTIALS: ReadonlySet<string> = new Set(["secret", "ses_smtp_password_v4"]);

const KEY_SECRET = "the secret of an access key";
const LOOKS_LIKE_SECRET = "what looks like the secret of an access key";
const BACKEND_CREDENTIAL = "a credential of the backend";

/**
 * Where a JSON document, such as a state or a plan as `terraform show -json` prints it, holds a secret in plaintext:
 * in the attributes of a key, in `backend.config` as Terraform stores it in `.terraform/terraform.tfstate`, and in any other string,
 * since a workspace that reads an output has it in its own state.
 *
 * Limit: elsewhere a secret is known by its shape, 40 random characters, so one that is encoded as base64 is not found.
 */
export function secretsInPlaintext(document: unknown): readonly Finding[] {
  const findings: Finding[] = [];
  // Not recursive: a document may be nested deeper than the call stack. And one value after the other: an object for each value of
  // a large document takes more memory than the document.
  const pending: Iterator<Node, undefined>[] = [only({ key: "", value: document, inKey: false })];
  for (let last = pending.at(-1); last !== undefined; last = pending.at(-1)) {
    const node = last.next().value;
    if (node === undefined) {
      pending.pop();
      continue;
    }
    const { value } = node;
    const what = typeof value === "string" ? secretOf(node, value) : undefined;
    if (what !== undefined) {
      findings.push({ location: locationOf(node), what });
    }
    if (typeof value === "object" && value !== null) {
      pending.push(childrenOf(node, value));
    }
  }
  return findings;
}

function* only(node: Node): Generator<Node, undefined> {
  yield node;
}

/** A value of a document, with what decides how its strings are judged. */
interface Node {
  readonly key: string;
  readonly value: unknown;
  readonly parent?: Node;
  /** Within an `aws_iam_access_key`. */
  readonly inKey: boolean;
  /** Names of the credentials, within the configuration of a backend. */
  readonly credentials?: ReadonlySet<string> | undefined;
  /** Within a credential that is an object: `headers` of the backend `http`. */
  readonly isCredential?: boolean;
}

function secretOf({ key, inKey, isCredential }: Node, text: string): string | undefined {
  if (text !== "" && inKey && CREDENTIALS.has(key)) {
    return KEY_SECRET;
  }
  if (text !== "" && isCredential === true) {
    return BACKEND_CREDENTIAL;
  }
  return holdsSecretKey(text) ? LOOKS_LIKE_SECRET : undefined;
}

function* childrenOf(node: Node, value: object): Generator<Node, undefined> {
  const { type, config } = value as { readonly type?: unknown; readonly config?: unknown };
  const inKey = node.inKey || type === "aws_iam_access_key";
  const isBackend = node.key === "backend" && node.parent?.parent === undefined && typeof type === "string";
  for (const key of Object.keys(value)) {
    const content = (value as Readonly<Record<string, unknown>>)[key];
    const credentials = isBackend && content === config ? credentialsOf(type) : node.credentials;
    const isCredential = node.isCredential === true || (node.credentials?.has(key) ?? false);
    yield { key: nameOf(key, content), value: content, parent: node, inKey, credentials, isCredential };
  }
}

/** Arguments of a backend that are credentials; of an unknown backend those of all. */
export function credentialsOf(type: string): ReadonlySet<string> {
  const known = backendType(type);
  const types = known === undefined ? Object.values(BACKEND_TYPES) : [known];
  return new Set(["web_identity_token", ...types.flatMap(({ secrets }) => Object.keys(secrets))]);
}

/** What a backend credential is, at its location in a saved plan. */
export function backendCredential(name: string): Finding {
  return { location: `backend.config.${name}`, what: BACKEND_CREDENTIAL };
}

/** The name of an element of a list: the address, or the type and name of a resource; else its index. */
function nameOf(key: string, content: unknown): string {
  const { address, type, name } = (content ?? {}) as Readonly<Record<string, unknown>>;
  if (/^\d+$/.test(key) && typeof address === "string") {
    return address;
  }
  return /^\d+$/.test(key) && typeof type === "string" && typeof name === "string" ? `${type}.${name}` : key;
}

function locationOf(node: Node): string {
  const keys: string[] = [];
  for (let at: Node | undefined = node; at?.parent !== undefined; at = at.parent) {
    keys.push(at.key);
  }
  return keys.reverse().join(".");
}

/** Where a text that is not JSON holds what looks like a secret. */
export function secretLines(text: string): readonly Finding[] {
  const findings: Finding[] = [];
  let line = 1;
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf("\n", start);
    const end = next < 0 ? text.length : next;
    // Not `split`: a text of nothing but line feeds would take a hundred times its size.
    if (end - start >= SECRET_LENGTH && holdsSecretKey(text.slice(start, end))) {
      findings.push({ location: `line ${line}`, what: LOOKS_LIKE_SECRET });
    }
    line += 1;
    start = end + 1;
  }
  return findings;
}

/** Whether a string holds what looks like a secret access key, also escaped as in nested JSON or encoded as in a URL. */
function holdsSecretKey(text: string): boolean {
  return spellings(text).some((spelling) => runsOf(spelling).some(({ run, padding }) => secretInRun(run, padding)));
}

const SECRET_LENGTH = 40;
/** Longer runs are encoded data. */
const LONGEST_RUN = 512;
/** A character of base64. */
const RUN_CHARACTER = /^[A-Za-z0-9/+]$/;
const IN_RUN = Array.from({ length: 128 }, (_, code) => RUN_CHARACTER.test(String.fromCharCode(code)));

/**
 * The runs of characters of base64 that can hold a secret, each with the number of `=` behind it. Not by a regular expression,
 * which needs a stack entry for each character of a run: a long string would exceed the stack.
 */
function runsOf(text: string): readonly { readonly run: string; readonly padding: number }[] {
  const runs: { readonly run: string; readonly padding: number }[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (IN_RUN[text.charCodeAt(at)] === true) {
      continue;
    }
    if (at - start >= SECRET_LENGTH && at - start <= LONGEST_RUN) {
      const [padding = ""] = /^=*/.exec(text.slice(at, at + LONGEST_RUN)) ?? [];
      runs.push({ run: text.slice(start, at), padding: padding.length });
    }
    start = at + 1;
  }
  return runs;
}

/** JSON in JSON in JSON. */
const MAX_LEVELS = 4;

/** A text, and what it is without the escape sequences of JSON and URLs, level by level. */
function spellings(text: string): readonly string[] {
  const all = [text];
  for (let level = 0; level < MAX_LEVELS; level++) {
    const last = all.at(-1) ?? "";
    const decoded = /[\\%]/.test(last) ? decode(last) : last;
    if (decoded === last) {
      break;
    }
    all.push(decoded);
  }
  return all;
}

function decode(text: string): string {
  return text
    .replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, unit: string | undefined, character: string) => {
      if (unit !== undefined) {
        return String.fromCharCode(Number.parseInt(unit, 16));
      }
      return ["b", "f", "n", "r", "t"].includes(character) ? "\n" : character;
    })
    .replaceAll(/%([0-9a-fA-F]{2})/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)));
}

/**
 * Whether 40 characters of a run are a secret. In a longer run `/` or `+` must separate them from the rest, and the rest must be
 * words, ids or another secret: otherwise they are a part of encoded data. Of 33 random bytes in base64, which have 44 characters and
 * no padding, a few in a hundred are taken for a secret.
 */
function secretInRun(run: string, padding: number): boolean {
  if (run.length === SECRET_LENGTH) {
    return secretKeysIn(run).length > 0;
  }
  const encoded = padding > 0 && (run.length + padding) % 4 === 0;
  if (encoded) {
    return false;
  }
  const separates = (index: number) => index < 0 || index >= run.length || run[index] === "/" || run[index] === "+";
  for (let start = 0; start + SECRET_LENGTH <= run.length; start++) {
    const end = start + SECRET_LENGTH;
    if (separates(start - 1) && separates(end)) {
      const part = run.slice(start, end);
      const rest = [run.slice(0, Math.max(0, start - 1)), run.slice(end + 1)];
      if (secretKeysIn(part).length > 0 && !part.split("/").every(isWord) && rest.every(isOrdinary)) {
        return true;
      }
    }
  }
  return false;
}

/** `Name12345`, `camelCase`, `ABC`, or nothing. */
const isWord = (text: string) => /^[a-z]*(?:[A-Z][a-z]+)*[A-Z]*\d*$/.test(text);

const isOrdinary = (rest: string) =>
  rest.length === SECRET_LENGTH || rest.split(/[/+]/).every((part) => isWord(part) || /^(?:[a-z0-9]*|[A-Z0-9]*)$/.test(part));
