import { enums, type PrivateKey, readPrivateKey, SignaturePacket } from "openpgp";
import { SAMPLE } from "../../helpers/complete";

interface Packet {
  readonly type: number;
  readonly content: Buffer;
}

interface RealKey {
  readonly name: string;
  readonly exported: Buffer;
  readonly secret: Buffer;
}

const PRIMARY = 6;
const SUBKEY = 14;
const SIGNATURE = 2;
const USER_ID = 13;

/**
 * As GnuPG exports a key, with lengths of one or two bytes in the old format, or as go-crypto does,
 * in the new one.
 */
function packetsOf(bytes: Buffer) {
  const packets: Packet[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const [first = 0, length = 0, second = 0] = rest;
    const isNew = first >= 0xc0;
    const isShort = isNew ? length < 192 : (first & 3) === 0;
    const long = isNew ? (length - 192) * 256 + second + 192 : length * 256 + second;
    const start = isShort ? 2 : 3;
    const end = start + (isShort ? length : long);
    packets.push({
      type: isNew ? first & 63 : (first & 60) >> 2,
      content: rest.subarray(start, end),
    });
    rest = rest.subarray(end);
  }
  return packets;
}

/** With a length in 1, 2 or 4 bytes of the old format, or in 5 of the new one. */
function written({ type, content }: Packet, lengthBytes: 1 | 2 | 4 | 5 = 5) {
  if (lengthBytes === 5) {
    const header = Buffer.from([0xc0 | type, 255, 0, 0, 0, 0]);
    header.writeUInt32BE(content.length, 2);
    return Buffer.concat([header, content]);
  }
  const header = Buffer.alloc(1 + lengthBytes);
  header.writeUInt8(0x80 | (type << 2) | Math.log2(lengthBytes));
  header.writeUIntBE(content.length % 256 ** lengthBytes, 1, lengthBytes);
  return Buffer.concat([header, content]);
}

const join = (packets: readonly Packet[]) =>
  Buffer.concat(packets.map((packet) => written(packet)));

function withByte({ type, content }: Packet, at: number, change: (byte: number) => number) {
  const changed = Buffer.from(content);
  changed.writeUInt8(change(changed.readUInt8(at)) & 255, at);
  return { type, content: changed };
}

const asPrivate = ({ type, content }: Packet) => ({
  type: type === PRIMARY ? 5 : 7,
  content,
});

const packet = (type: number, content: readonly number[] | string) => ({
  type,
  content: Buffer.from(content as string),
});

/**
 * Packets that a key need not have: compressed data, marker, trust, literal data, user attribute,
 * padding, unknown ones.
 */
const STRAY = [
  packet(8, [0, 1, 2, 3]),
  packet(10, "PGP"),
  packet(12, [0, 0]),
  packet(11, [0x62, 0, 0, 0, 0, 0, 65]),
  packet(17, [2, 5, 1]),
  packet(21, [1, 2, 3, 4]),
  packet(39, [4, 1]),
  packet(40, [4, 1]),
  packet(60, [4, 1]),
  packet(63, []),
  packet(USER_ID, "Somebody <somebody@example.com>"),
];

/**
 * Values that look like a key, by change: packets put in, taken out, doubled, exchanged, changed
 * and cut; two keys in one; and changes that only the owner of a key can sign.
 * @param others among them one that the library `openpgp` cannot read
 */
export async function craftedFrom(
  key: RealKey,
  others: readonly Pick<RealKey, "name" | "exported">[],
): Promise<Crafted> {
  return [...cut(key), ...changed(key), ...joined(key, others), ...(await signed(key))];
}

type Crafted = readonly (readonly [what: string, bytes: Buffer])[];

function cut({ exported }: RealKey): Crafted {
  const packets = packetsOf(exported);
  const lengths = [1, 2, 3, 8, exported.length - 1, exported.length - 40];
  const ends = packets.map((_, index) => join(packets.slice(0, index + 1)));
  const [first = packet(PRIMARY, [])] = packets;
  const rest = join(packets.slice(1));
  return [
    ...lengths.map((length) => [`cut at ${length}`, exported.subarray(0, length)] as const),
    ...ends
      .slice(0, -1)
      .map((bytes, index) => [`without all after packet ${index}`, bytes] as const),
    ["with a zero behind", Buffer.concat([exported, Buffer.from([0])])],
    ["with lines behind", Buffer.concat([exported, Buffer.from("\r\n")])],
    ["twice", Buffer.concat([exported, exported])],
    ...([1, 2, 4, 5] as const).map(
      (bytes) => [`length in ${bytes}`, Buffer.concat([written(first, bytes), rest])] as const,
    ),
    ["partial length", Buffer.concat([Buffer.from([0xc6, 0xe0]), first.content, rest])],
    ["indeterminate length", Buffer.concat([Buffer.from([0x9b]), first.content, rest])],
  ];
}

/** The meaning of a byte, its position, and other values. */
type Bytes = readonly [what: string, position: number, values: readonly number[]];
const KEY_BYTES: Bytes = ["algorithm", 5, [2, 3, 16, 18, 20, 21, 22, 25, 27, 28, 99]];
const SIGNATURE_BYTES: readonly Bytes[] = [
  ["type", 1, [0, 0x10, 0x18, 0x19, 0x1f, 0x20, 0x28, 0x30, 0x40]],
  ["hash", 3, [1, 3, 100]],
  ["algorithm", 2, [99]],
];

function changed({ exported }: RealKey) {
  const packets = packetsOf(exported);
  const at = (index: number, ...instead: readonly Packet[]) =>
    join([...packets.slice(0, index), ...instead, ...packets.slice(index + 1)]);
  return packets.flatMap((each, index) => {
    const last = each.content.length - 1;
    const withValues = ([what, position, values]: Bytes): Crafted =>
      values.map((value) => {
        const changedPacket = withByte(each, position, () => value);
        return [`${what} ${value} of ${index}`, at(index, changedPacket)];
      });
    const others = packets.filter((other) => other !== each);
    const isKey = each.type === PRIMARY || each.type === SUBKEY;
    const found: Crafted = [
      [`without packet ${index}`, at(index)],
      [`packet ${index} twice`, at(index, each, each)],
      [`packet ${index} last`, join([...others, each])],
      [`packet ${index} first`, join([each, ...others])],
      [
        `last byte of ${index}`,
        at(
          index,
          withByte(each, last, (byte) => byte ^ 1),
        ),
      ],
      [
        `byte 12 of ${index}`,
        at(
          index,
          withByte(each, Math.min(12, last), (byte) => byte ^ 4),
        ),
      ],
      [
        `packet ${index} longer`,
        at(index, { ...each, content: Buffer.concat([each.content, Buffer.from([0])]) }),
      ],
      [`packet ${index} shorter`, at(index, { ...each, content: each.content.subarray(0, -1) })],
      ...STRAY.map(
        (stray) => [`packet ${stray.type} behind ${index}`, at(index, each, stray)] as const,
      ),
    ];
    return [
      ...found,
      ...(each.type === USER_ID ? [] : withValues(["version", 0, [2, 3, 5, 6]])),
      ...(each.type === SIGNATURE ? SIGNATURE_BYTES.flatMap(withValues) : []),
      ...(isKey ? withValues(KEY_BYTES) : []),
      ...(isKey ? [[`packet ${index} private`, at(index, asPrivate(each))] as const] : []),
    ];
  });
}

function joined({ exported }: RealKey, others: readonly Pick<RealKey, "name" | "exported">[]) {
  const own = packetsOf(exported);
  const [primary = packet(PRIMARY, [])] = own;
  const userPart = own.slice(
    0,
    own.findIndex(({ type }) => type === SUBKEY),
  );
  return others.flatMap((other) => {
    const theirs = packetsOf(other.exported);
    const subkeys = theirs.slice(theirs.findIndex(({ type }) => type === SUBKEY));
    const theirPrimary = theirs.slice(0, 1);
    return [
      [`before ${other.name}`, Buffer.concat([exported, other.exported])],
      [`behind ${other.name}`, Buffer.concat([other.exported, exported])],
      [
        `behind a marker and ${other.name}`,
        Buffer.concat([written(packet(10, "PGP")), other.exported, exported]),
      ],
      [`inside ${other.name}`, Buffer.concat([other.exported, written(primary), other.exported])],
      [`behind the primary key of ${other.name}`, join([...theirPrimary, ...own])],
      [
        `with the primary key of ${other.name} as subkey`,
        join([...theirPrimary.map((each) => ({ ...each, type: SUBKEY })), ...own]),
      ],
      [`with subkeys of ${other.name}`, join([...own, ...subkeys])],
      [`with only subkeys of ${other.name}`, join([...userPart, ...subkeys])],
      [
        `with user IDs of ${other.name}`,
        join([
          primary,
          ...theirs.filter(({ type }) => type === USER_ID || type === SIGNATURE),
          ...own.slice(1),
        ]),
      ],
    ] as const;
  });
}

interface Change {
  readonly user?: Partial<SignaturePacket>;
  readonly subkey?: Partial<SignaturePacket>;
  readonly content?: (content: Buffer) => Buffer;
  /** Whether the former signatures stand before the new ones. */
  readonly keeps?: boolean;
  readonly other?: Partial<SignaturePacket>;
  readonly subpacket?: Subpacket;
}

interface Subpacket {
  readonly type: number;
  readonly critical: boolean;
  readonly body: Buffer;
  readonly isHashed: boolean;
}

const FLAGS = {
  none: 0,
  certify: 1,
  sign: 2,
  communication: 4,
  storage: 8,
  both: 12,
  authenticate: 32,
};
const {
  certGeneric,
  certRevocation,
  key: direct,
  keyRevocation,
  subkeyRevocation,
} = enums.signature;
const EXPIRED = { keyExpirationTime: 1, keyNeverExpires: false };

const withFlags = (flags: number) => ({
  keyFlags: new Uint8Array([flags]),
});
const bytes = (...parts: readonly (Uint8Array | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part)));

/**
 * A body is empty, a number, an issuer, a fingerprint, text, a notation, or an embedded signature.
 */
const BODIES = [
  bytes(),
  bytes([1]),
  bytes([1, 60]),
  bytes([0, 0, 0, 0]),
  Buffer.alloc(8, 1),
  bytes([4], Buffer.alloc(20, 1)),
  Buffer.from("text\0"),
  bytes([0, 0, 0, 0, 0, 1, 0, 1], Buffer.from("ab")),
  bytes([4, 0x19, 1, 8, 0, 6, 5, 2], Buffer.alloc(4, 1), [0, 0, 0, 0, 0, 1, 1]),
];

/**
 * Subpackets of every type (RFC 9580, section 5.2.3.7), whether a reader may ignore them or not.
 * One in 25 is tried: the provider takes a third of a second for each.
 */
const SUBPACKETS = [...Array.from({ length: 41 }, (_, type) => type), 100, 127].flatMap((type) =>
  BODIES.flatMap((body) =>
    [false, true].flatMap((critical) =>
      [true, false].map((isHashed) => ({ type, critical, body, isHashed })),
    ),
  ),
);

const subpacketName = ({ type, critical, body, isHashed }: Subpacket) =>
  `${critical ? "critical" : "optional"} ${isHashed ? "hashed" : "unhashed"} subpacket ${type} of ${body.toString("hex")}`;

const CHANGES: Readonly<Record<string, Change>> = {
  "signed again": {},
  ...Object.fromEntries(
    Object.entries(FLAGS).map(([name, flags]) => [
      `subkey for ${name}`,
      { subkey: withFlags(flags) },
    ]),
  ),
  "subkey without flags": { subkey: { keyFlags: null } },
  "primary key for everything": { user: withFlags(15), subkey: withFlags(0) },
  "primary key without flags": { user: { keyFlags: null } },
  "expired certification": { user: { signatureExpirationTime: 1 }, keeps: true },
  "expired binding": { subkey: { signatureExpirationTime: 1 }, keeps: true },
  "expired primary key": { user: EXPIRED, keeps: true },
  "expired subkey": { subkey: EXPIRED, keeps: true },
  "certification not exportable": { user: { exportable: false } },
  "binding not exportable": { subkey: { exportable: false } },
  "binding not revocable": { subkey: { revocable: false } },
  "certification not revocable": { user: { revocable: false } },
  "certification of trust": { user: { trustLevel: 1, trustAmount: 60 } },
  "certification of type 16": { user: { signatureType: certGeneric } },
  "primary user ID": { user: { isPrimaryUserID: true }, keeps: true },
  "binding as certification": { subkey: { signatureType: certGeneric } },
  "revoked subkey": { subkey: { signatureType: subkeyRevocation }, keeps: true },
  "revoked user ID": { user: { signatureType: certRevocation }, keeps: true },
  "revoked primary key": { user: { signatureType: keyRevocation }, keeps: true },
  "direct signature": { user: { signatureType: direct }, keeps: true },
  "subkey with another last byte": {
    content: (all) => bytes(all.subarray(0, -1), [(all.at(-1) ?? 0) ^ 1]),
  },
  "subkey with another byte 30": {
    content: (all) => bytes(all.subarray(0, 30), [(all.at(30) ?? 0) ^ 1], all.subarray(31)),
  },
  "subkey with a byte more": { content: (all) => bytes(all, [0]) },
  "subkey of the future": {
    content: (all) => bytes(all.subarray(0, 1), [255, 255, 255, 240], all.subarray(5)),
  },
  "subkey of an unknown algorithm": {
    content: (all) => bytes(all.subarray(0, 5), [99], all.subarray(6)),
  },
  "RSA subkey with a long exponent": { content: () => rsaKey(2048, [1, 0, 0, 0, 1]) },
  "RSA subkey with an even exponent": { content: () => rsaKey(2048, [1, 0, 0]) },
  "RSA subkey with exponent 1": { content: () => rsaKey(2048, [1]) },
  "RSA subkey of 768 bits": { content: () => rsaKey(768, [1, 0, 1]) },
  "RSA subkey of 1024 bits": { content: () => rsaKey(1024, [1, 0, 1]) },
  "another user ID": { other: {} },
  "another user ID, expired": { other: EXPIRED },
  "another user ID, primary and expired": { other: { ...EXPIRED, isPrimaryUserID: true } },
  "another user ID, for everything": { other: withFlags(15), subkey: withFlags(0) },
  "another user ID, revoked": { other: { signatureType: certRevocation } },
  "certified again": { user: { signatureType: certRevocation, created: new Date(0) }, keeps: true },
  "critical preference of AEAD": {
    subpacket: { type: 34, critical: true, body: bytes([2]), isHashed: true },
  },
  "key flags twice": { subpacket: { type: 27, critical: false, body: bytes([0]), isHashed: true } },
  ...Object.fromEntries(
    SUBPACKETS.filter((_, index) => index % 25 === SAMPLE % 25).map((subpacket) => [
      subpacketName(subpacket),
      { subpacket },
    ]),
  ),
};

/** Its exponent begins with 1. */
function rsaKey(bits: number, exponent: readonly number[]) {
  const header = [4, 0x65, 0, 0, 0, 1];
  return bytes(
    header,
    [bits >> 8, bits & 255],
    Buffer.alloc(bits / 8, 0xc5),
    [0, exponent.length * 8 - 7],
    exponent,
  );
}

async function signed({ exported, secret }: RealKey) {
  const key = await readPrivateKey({ binaryKey: secret });
  const packets = packetsOf(exported);
  return Promise.all(
    Object.entries(CHANGES).map(
      async ([what, change]) => [what, join(await signedPackets(key, packets, change))] as const,
    ),
  );
}

async function signedPackets(key: PrivateKey, packets: readonly Packet[], change: Change) {
  const result: Packet[] = [];
  let subject: Packet | undefined;
  for (const each of packets) {
    const isSubkey = subject?.type === SUBKEY;
    if (each.type === SIGNATURE && subject !== undefined) {
      const made = await signature(
        key,
        each,
        subject,
        isSubkey ? change.subkey : change.user,
        change.subpacket,
      );
      result.push(...(change.keeps ? [each] : []), made);
      if (change.other !== undefined && !isSubkey) {
        const other = packet(USER_ID, "Other <other@example.com>");
        result.push(other, await signature(key, each, other, change.other));
      }
    } else {
      subject =
        each.type === SUBKEY
          ? { ...each, content: change.content?.(each.content) ?? each.content }
          : each;
      result.push(subject);
    }
  }
  return result;
}

/** The declared type lacks subpackets, the configuration, and data that is no text. */
interface Undeclared {
  sign(key: unknown, data: object, date: Date, detached: boolean, config: object): Promise<void>;
  writeHashedSubPackets(): Uint8Array;
  unhashedSubpackets: readonly Omit<Subpacket, "isHashed">[];
}

/** After the creation of the tests' keys, and long enough ago to have expired. */
const SIGNED = new Date(Date.now() - 86_400_000);

/** A signature of a key for one of its parts, like a former one. */
async function signature(
  key: PrivateKey,
  former: Packet,
  subject: Packet,
  change?: Partial<SignaturePacket>,
  subpacket?: Subpacket,
) {
  const made = new SignaturePacket() as SignaturePacket & Undeclared;
  made.read(former.content);
  Object.assign(made, change);
  if (subpacket?.isHashed) {
    const hashed = made.writeHashedSubPackets.bind(made);
    made.writeHashedSubPackets = () => withSubpacket(hashed(), subpacket);
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(subject.content.length);
  const prefixed = Buffer.concat([Buffer.from([0x99]), length, subject.content]);
  const data = {
    key: key.keyPacket,
    userID: { write: () => subject.content },
    bind: { writeForHash: () => prefixed },
  };
  await made.sign(key.keyPacket, data, change?.created ?? SIGNED, false, {});
  if (subpacket?.isHashed === false) {
    made.unhashedSubpackets = [subpacket];
  }
  return { type: SIGNATURE, content: Buffer.from(made.write()) };
}

/** Subpackets with their length, and one more. */
function withSubpacket(area: Uint8Array, { type, critical, body }: Subpacket) {
  const content = bytes(area.subarray(2), [body.length + 1, (critical ? 128 : 0) | type], body);
  return bytes([content.length >> 8, content.length & 255], content);
}
