import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { packageFile } from "../text/package-file";

interface PgpKey {
  /** Of the primary key, in lower-case hex. */
  readonly fingerprint: string;
  /** Name and address as the owner wrote them. Nobody verified them. */
  readonly userIds: readonly string[];
  /** When the last of its encryption keys expires; undefined: never. */
  readonly expires?: Date | undefined;
  readonly invalid?: "expired" | "created in the future" | undefined;
}

const NOT_KEYS: readonly (readonly [RegExp, PgpKeyError])[] = [
  // Packet type 5 of RFC 9580, section 4.2, as base64: a private key, also if the rest is damaged.
  [/-----BEGIN PGP PRIVATE|^(l|x[Q-Za-f])/, "private"],
  [/-----BEGIN/, "armored"],
  [/^keybase:/i, "keybase"],
  [/^(?!([A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2}([A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==)$)/, "not base64"],
];

export type PgpKeyError =
  | "private"
  | "armored"
  | "keybase"
  | "not base64"
  | "not a key"
  | "several keys"
  | "revoked"
  | "sign only"
  | "too new"
  | "invalid part";

type PgpReading = { readonly key: PgpKey } | { readonly error: PgpKeyError };

/**
 * Milliseconds. One key takes 0.1 s of CPU, and more than 30 s of a computer that is busy
 * otherwise.
 */
const TIME_LIMIT = 300_000;

let library: ((bytes: Uint8Array) => PgpReading) | undefined;
const readings = new Map<string, PgpReading>();

/**
 * Parses the value of `pgp_key`: a binary public key in base64. The AWS provider accepts nothing
 * else, and reports an error only after AWS has created the access key, whose secret is then lost.
 * The library `openpgp` reads the key, with `eckey-utils` for Brainpool curves and secp256k1. The
 * provider reads it with another library, so the value must contain nothing that the two could read
 * differently: it is one key and nothing else, and every signature of its own is valid.
 *
 * Limits: version 4 keys only, which is what GnuPG creates and can decrypt with.
 *
 * Source: `ReadEntity` and `EncryptionKey` of github.com/ProtonMail/go-crypto 1.2.0, the version in
 * the AWS provider 5.100.0.
 * @throws Error if the library cannot be loaded
 */
export function readPgpKey(text: string): PgpReading {
  const error = NOT_KEYS.find(([pattern]) => pattern.test(text))?.[1];
  if (error !== undefined) {
    return { error };
  }
  library ??= startLibrary();
  const reading = readings.get(text) ?? library(Buffer.from(text, "base64"));
  readings.set(text, reading);
  return reading;
}

/** The key of a slot; undefined if there is none, or it cannot be read. */
export function pgpKeyOf(text: string | undefined): PgpKey | undefined {
  const reading = text === undefined ? undefined : readPgpKey(text);
  return reading !== undefined && "key" in reading ? reading.key : undefined;
}

/** `HEX (expires 2027-01-01) of Name <address>`: the text of the key's owner is last. */
export function pgpKeyText({ fingerprint, userIds, expires }: PgpKey): string {
  const end =
    expires === undefined ? "never expires" : `expires ${expires.toISOString().slice(0, 10)}`;
  return `${fingerprint.toUpperCase()} (${end}) of ${userIds.join(", ")}`;
}

/** The thread of the library ends with the process. */
function startLibrary(): (bytes: Uint8Array) => PgpReading {
  const { port1, port2: port } = new MessageChannel();
  const file = packageFile("src/iam/openpgp-reader.cjs");
  new Worker(file, { workerData: port, transferList: [port] }).unref();
  port1.unref();
  return (bytes) => {
    const signal = new Int32Array(new SharedArrayBuffer(4));
    port1.postMessage({ bytes, signal });
    const waited = Atomics.wait(signal, 0, 0, TIME_LIMIT);
    const answer: PgpReading | { readonly failure: string } | undefined =
      receiveMessageOnPort(port1)?.message;
    if (answer === undefined || "failure" in answer) {
      // A late answer would be read as that to the next key.
      library = undefined;
      throw new Error(`pgpKey: the package openpgp cannot read it: ${answer?.failure ?? waited}`);
    }
    return answer;
  };
}
