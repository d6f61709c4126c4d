import { createHash } from "node:crypto";

/** The properties of a public OpenPGP key that a deployment uses. */
export interface PgpKey {
  /** Fingerprint of the primary key, in lower-case hex. */
  readonly fingerprint: string;
  /** When the last of its encryption keys expires; undefined: never. */
  readonly expires?: Date | undefined;
  /** Whom the key names as its owner: name and address, as the owner wrote them. */
  readonly userIds: readonly string[];
}

/** Why a string is no key that the AWS provider can encrypt for. */
export type PgpKeyError =
  | "armored"
  | "keybase"
  | "not base64"
  | "private"
  | "not a key"
  | "truncated"
  | "several keys"
  | "revoked"
  | "sign only"
  | "too new";

export type PgpReading = { readonly key: PgpKey } | { readonly error: PgpKeyError };

/** Packet types of RFC 9580, section 5. */
const TAG = { signature: 2, secretKey: 5, publicKey: 6, secretSubkey: 7, userId: 13, publicSubkey: 14 } as const;

/** Public-key algorithms that encrypt (RFC 9580, section 9.1): RSA, RSA encrypt-only, Elgamal, ECDH, X25519, X448. */
const ENCRYPTS: readonly number[] = [1, 2, 16, 18, 25, 26];

/** Signature types of RFC 9580, section 5.2.1. */
const BINDS_SUBKEY = 0x18;
const SIGNS_KEY: readonly number[] = [0x10, 0x11, 0x12, 0x13, 0x1f];
const REVOKES_KEY = 0x20;
const REVOKES_SUBKEY = 0x28;

/** Signature subpackets of RFC 9580, section 5.2.3.7. */
const SUBPACKET = { created: 2, keyExpiration: 9, keyFlags: 27 } as const;

/** Key flags: may encrypt communications, may encrypt storage. */
const ENCRYPTION_FLAGS = 0x04 | 0x08;

/**
 * Parses the value of `pgp_key`: a binary public key in base64. The AWS provider accepts nothing else, and reports an error
 * only after AWS has created the access key, whose secret is then lost.
 *
 * Limits: signatures are read, not verified; version 4 keys only, which is what GnuPG makes and the provider reads.
 * Source: RFC 4880 and RFC 9580.
 */
export function readPgpKey(text: string): PgpReading {
  if (text.includes("-----BEGIN PGP PRIVATE")) {
    return { error: "private" };
  }
  if (text.includes("-----BEGIN")) {
    return { error: "armored" };
  }
  if (/^keybase:/i.test(text)) {
    return { error: "keybase" };
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    return { error: "not base64" };
  }
  const packets = readPackets(Buffer.from(text, "base64"));
  const [first] = packets.list;
  if (packets.list.some(({ tag }) => tag === TAG.secretKey || tag === TAG.secretSubkey)) {
    return { error: "private" };
  }
  if (first?.tag !== TAG.publicKey) {
    return { error: "not a key" };
  }
  // Whole groups of four: what a copy that stops anywhere rarely has.
  if (packets.truncated || text.length % 4 !== 0) {
    return { error: "truncated" };
  }
  if (packets.list.filter(({ tag }) => tag === TAG.publicKey).length > 1) {
    return { error: "several keys" };
  }
  return readCertificate(packets.list);
}

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

interface Packets {
  readonly list: readonly Packet[];
  /** Whether the bytes end inside a packet. */
  readonly truncated: boolean;
}

/** The packets of a transferable key. Garbage ends the list: its first byte lacks the bit that every packet begins with. */
function readPackets(bytes: Buffer): Packets {
  const list: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = readHeader(bytes, at);
    if (header === undefined) {
      return { list, truncated: true };
    }
    const end = header.start + header.length;
    list.push({ tag: header.tag, body: bytes.subarray(header.start, end) });
    if (end > bytes.length) {
      return { list, truncated: true };
    }
    at = end;
  }
  return { list, truncated: false };
}

interface Header {
  readonly tag: number;
  readonly start: number;
  readonly length: number;
}

/** The header of a packet in the old or the new format (RFC 9580, section 4.2); keys have no partial lengths. */
function readHeader(bytes: Buffer, at: number): Header | undefined {
  const first = bytes[at] ?? 0;
  if ((first & 0x80) === 0) {
    return undefined;
  }
  if ((first & 0x40) !== 0) {
    const length = readLength(bytes, at + 1);
    return length === undefined ? undefined : { tag: first & 0x3f, start: at + 1 + length.size, length: length.value };
  }
  const size = [1, 2, 4][first & 0x03];
  if (size === undefined || at + 1 + size > bytes.length) {
    return undefined;
  }
  return { tag: (first >> 2) & 0x0f, start: at + 1 + size, length: bytes.readUIntBE(at + 1, size) };
}

/** A length of one, two or five bytes, as new packets and signature subpackets have it. */
function readLength(bytes: Buffer, at: number): { readonly size: number; readonly value: number } | undefined {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === undefined) {
    return undefined;
  }
  if (first < 192) {
    return { size: 1, value: first };
  }
  if (first < 224) {
    return second === undefined ? undefined : { size: 2, value: ((first - 192) << 8) + second + 192 };
  }
  return first === 255 && at + 5 <= bytes.length ? { size: 5, value: bytes.readUInt32BE(at + 1) } : undefined;
}

/** A primary key or subkey with what the signatures behind it say. */
interface Part {
  readonly algorithm: number;
  readonly created: number;
  /** Newest signature that says what the key is for; user ids are signed again when an expiry is moved. */
  statement?: Signature;
  revoked: boolean;
}

function readCertificate(packets: readonly Packet[]): PgpReading {
  const parts: Part[] = [];
  for (const { tag, body } of packets) {
    const part = parts.at(-1);
    if (tag === TAG.publicKey || tag === TAG.publicSubkey) {
      if (body[0] !== 4) {
        return { error: "too new" };
      }
      if (body.length < 6) {
        return { error: "truncated" };
      }
      parts.push({ algorithm: body[5] ?? 0, created: body.readUInt32BE(1), revoked: false });
    } else if (tag === TAG.signature && part !== undefined) {
      addSignature(part, readSignature(body), parts.length === 1);
    }
  }
  const [primary] = parts;
  if (primary === undefined || primary.revoked) {
    return { error: "revoked" };
  }
  const usable = parts.filter((part) => !part.revoked && encrypts(part));
  if (usable.length === 0) {
    return { error: "sign only" };
  }
  const userIds = packets.filter(({ tag }) => tag === TAG.userId).map(({ body }) => body.toString("utf8"));
  return { key: { fingerprint: fingerprint(packets[0]?.body ?? Buffer.alloc(0)), expires: expiry(primary, usable), userIds } };
}

function addSignature(part: Part, signature: Signature | undefined, isPrimary: boolean): void {
  if (signature === undefined) {
    return;
  }
  if (signature.type === (isPrimary ? REVOKES_KEY : REVOKES_SUBKEY)) {
    part.revoked = true;
  } else if (isPrimary ? SIGNS_KEY.includes(signature.type) : signature.type === BINDS_SUBKEY) {
    // Somebody else's certification of the key has no flags and no expiry, and says nothing here.
    const says = signature.flags !== undefined || signature.lifetime !== undefined;
    if (says && (part.statement === undefined || signature.created >= part.statement.created)) {
      part.statement = signature;
    }
  }
}

/** Without flags, as on very old keys, the algorithm decides. */
function encrypts({ algorithm, statement }: Part): boolean {
  return ENCRYPTS.includes(algorithm) && ((statement?.flags ?? ENCRYPTION_FLAGS) & ENCRYPTION_FLAGS) !== 0;
}

/** A subkey serves until it expires or its primary key does; the last one to serve counts. */
function expiry(primary: Part, usable: readonly Part[]): Date | undefined {
  const last = Math.min(endOf(primary), Math.max(...usable.map(endOf)));
  return Number.isFinite(last) ? new Date(last * 1000) : undefined;
}

function endOf({ created, statement }: Part): number {
  const lifetime = statement?.lifetime ?? 0;
  return lifetime === 0 ? Number.POSITIVE_INFINITY : created + lifetime;
}

interface Signature {
  readonly type: number;
  readonly created: number;
  readonly flags?: number | undefined;
  /** Seconds from the key's creation to its expiry; 0: never. */
  readonly lifetime?: number | undefined;
}

/** What a version 4 signature says; undefined for others, which no GnuPG of this century makes over a key. */
function readSignature(body: Buffer): Signature | undefined {
  if (body[0] !== 4 || body.length < 6) {
    return undefined;
  }
  const hashed = readSubpackets(body.subarray(6, 6 + body.readUInt16BE(4)));
  const number = (type: number) => {
    const data = hashed.get(type);
    return data === undefined || data.length < 4 ? undefined : data.readUInt32BE(0);
  };
  return {
    type: body[1] ?? 0,
    created: number(SUBPACKET.created) ?? 0,
    flags: hashed.get(SUBPACKET.keyFlags)?.[0],
    lifetime: number(SUBPACKET.keyExpiration),
  };
}

function readSubpackets(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    const length = readLength(bytes, at);
    if (length === undefined || length.value === 0) {
      return found;
    }
    const start = at + length.size;
    // The highest bit says only that a reader must understand the subpacket.
    found.set((bytes[start] ?? 0) & 0x7f, bytes.subarray(start + 1, start + length.value));
    at = start + length.value;
  }
  return found;
}

/** RFC 9580, section 5.5.4.2: SHA-1 over the version 4 key as an old-format packet with a two-byte length. */
function fingerprint(body: Buffer): string {
  const header = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash("sha1").update(header).update(body).digest("hex");
}
