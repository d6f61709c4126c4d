// The worker thread of openpgp-key.ts: the library reads keys asynchronously, and settings are read
// synchronously.
const { workerData } = require("node:worker_threads");

/**
 * The AWS provider encrypts for weak keys as well; only Go's RSA requires 1024 bits (crypto/rsa,
 * since Go 1.24).
 */
const WEAK_KEYS = {
  minRSABits: 1024,
  rejectPublicKeyAlgorithms: new Set(),
  rejectCurves: new Set(),
};
/** A packet that the library does not know is no key: the AWS provider may know it. */
const CONFIG = { ...WEAK_KEYS, ignoreUnsupportedPackets: false };
const FOREVER = 8.64e15;
/**
 * Algorithms whose signatures the AWS provider verifies: RSA, DSA, ECDSA, EdDSA (RFC 9580, section
 * 9.1).
 */
const CERTIFYING = new Set([1, 3, 17, 19, 22, 27, 28]);
/**
 * Hashes and ciphers of ECDH (section 11.5); the provider knows no other hash, and wraps keys with
 * AES alone.
 */
const ECDH_HASHES = new Set([8, 9, 10]);
const ECDH_CIPHERS = new Set([7, 8, 9]);
/** Key flags (section 5.2.3.29). */
const SIGNS = 2;
const STORAGE = 8;

/**
 * One transferable public key of version 4 (RFC 9580, section 10.1.1), each packet as a letter, and
 * nothing else: a primary key, its direct signatures and revocations, user IDs and attributes with
 * their certifications, subkeys with their bindings.
 */
const ONE_KEY = /^P[dr]*(?:Uc*|Ac*)+(?:Sb+)*$/;
/** Packet types (section 5), and types of signatures (section 5.2.1). */
const PACKETS = { 6: "P", 13: "U", 14: "S", 17: "A" };
const SIGNATURES = {
  16: "c",
  17: "c",
  18: "c",
  19: "c",
  24: "b",
  31: "d",
  32: "r",
  40: "b",
  48: "c",
};

const any = () => true;
const ofLength = (length) => (content) => content.length === length;
const isFingerprint = (content) => content.length === 21 && content[0] === 4;
/**
 * Contents of the subpackets of signatures that the AWS provider knows, as it demands them
 * (go-crypto 1.2.0, `parseSignatureSubpacket`).
 */
const SUBPACKETS = {
  2: ofLength(4),
  3: ofLength(4),
  4: ofLength(1),
  5: ofLength(2),
  6: (content) => content.at(-1) === 0,
  9: ofLength(4),
  11: any,
  16: ofLength(8),
  20: (content) => content.length === 8 + content.readUInt16BE(4) + content.readUInt16BE(6),
  21: any,
  22: any,
  23: any,
  24: any,
  25: ofLength(1),
  26: any,
  27: any,
  28: any,
  29: (content) => content.length > 0,
  30: any,
  32: (content) => content[0] === 4 && content[1] === 25 && isReadable(content),
  33: isFingerprint,
  35: isFingerprint,
  39: (content) => content.length % 2 === 0,
};
/** Issuer, embedded signature and fingerprint, which are read where they are not hashed, too. */
const UNHASHED = new Set([16, 32, 33]);
/** Notations and recipients, of which a signature may have several. */
const REPEATED = new Set([20, 35]);

/** Length and offset of what has a length in the new format (section 4.2.1); no length: partial. */
function lengthAt(bytes, at) {
  const first = bytes.readUInt8(at);
  if (first < 192) {
    return { start: at + 1, length: first };
  }
  if (first < 224) {
    return { start: at + 2, length: (first - 192) * 256 + bytes.readUInt8(at + 1) + 192 };
  }
  return { start: at + 5, length: first === 255 ? bytes.readUInt32BE(at + 1) : undefined };
}

/**
 * Type, length and offset of a packet's content (section 4.2); no length: indeterminate or partial.
 */
function headerAt(bytes, at) {
  const first = bytes.readUInt8(at);
  if (first >= 0xc0) {
    return { type: first & 0x3f, ...lengthAt(bytes, at + 1) };
  }
  const form = first & 3;
  const length = form === 3 ? undefined : bytes.readUIntBE(at + 1, 2 ** form);
  return { type: (first & 0x3c) >> 2, start: at + 1 + 2 ** form, length };
}

/**
 * The subpackets of a signature or a user attribute, type and content.
 * @throws RangeError if one is cut off
 */
function subpacketsIn(area) {
  const subpackets = [];
  let end = 0;
  while (end < area.length) {
    const { start, length } = lengthAt(area, end);
    end = start + (length ?? Number.POSITIVE_INFINITY);
    if (end > area.length || length === 0) {
      throw new RangeError("a subpacket is cut off");
    }
    const octet = area.readUInt8(start);
    subpackets.push({
      type: octet & 0x7f,
      isCritical: octet > 0x7f,
      content: area.subarray(start + 1, end),
    });
  }
  return subpackets;
}

/**
 * Whether the AWS provider reads a signature of version 4, and each of its subpackets as the
 * library does.
 * @throws RangeError if it is cut off
 */
function isReadable(signature) {
  const areaAt = (at) => signature.subarray(at + 2, at + 2 + signature.readUInt16BE(at));
  const hashed = subpacketsIn(areaAt(4));
  const unhashed = subpacketsIn(areaAt(6 + signature.readUInt16BE(4)));
  const read = [...hashed, ...unhashed.filter(({ type }) => UNHASHED.has(type))];
  const types = read.map(({ type }) => type).filter((type) => !REPEATED.has(type));
  return (
    new Set(types).size === types.length &&
    read.every(({ type, isCritical, content }) => SUBPACKETS[type]?.(content) ?? !isCritical)
  );
}

/**
 * The content of each packet, with its letter in `ONE_KEY`.
 * @throws RangeError if one is cut off
 */
function packetsOf(bytes) {
  const packets = [];
  let end = 0;
  while (end < bytes.length) {
    const { type, start, length } = headerAt(bytes, end);
    end = start + (length ?? Number.POSITIVE_INFINITY);
    const content = bytes.subarray(start, end);
    const [version, signature] = content;
    const letter = type === 2 ? SIGNATURES[signature] : PACKETS[type];
    const isKnown = end <= bytes.length && (version === 4 || type === 13 || type === 17);
    packets.push({ content, version, letter: (isKnown && letter) || "?" });
  }
  return packets;
}

/** Whether a signature is valid, at whatever time, and one that the AWS provider does not skip. */
async function verifies(signature, key, data) {
  await signature.verify(key, signature.signatureType, data, null);
  return (
    signature.exportable !== false &&
    signature.revocable === null &&
    signature.signatureTargetHash === null
  );
}

/**
 * Whether the AWS provider can encrypt with the numbers of a key: RSA with an odd exponent of at
 * most 3 bytes, ECDH as RFC 9580 has it.
 */
function isUsable({ publicParams: { e, kdfParams } }) {
  if (e !== undefined) {
    return e.length <= 3 && e.at(-1) % 2 === 1 && Buffer.from(e).readUIntBE(0, e.length) > 1;
  }
  return (
    kdfParams === undefined ||
    (ECDH_HASHES.has(kdfParams.hash) && ECDH_CIPHERS.has(kdfParams.cipher))
  );
}

/**
 * The signatures that a key made for its own parts, each with its validity; and whether each part
 * has what it must have.
 */
function checksOf({ keyPacket: key, users, subkeys }) {
  const checks = [];
  for (const { userID, userAttribute, ...signatures } of users) {
    for (const signature of [
      ...signatures.selfCertifications,
      ...signatures.otherCertifications,
      ...signatures.revocationSignatures,
    ]) {
      const isOwn = signature.issuerKeyID.equals(key.getKeyID());
      const { issuerFingerprint = null } = signature;
      checks.push(
        issuerFingerprint === null ||
          isOwn === Buffer.from(issuerFingerprint).equals(key.getFingerprintBytes()),
      );
      checks.push(!isOwn || verifies(signature, key, { key, userID, userAttribute }));
    }
  }
  for (const { keyPacket: bind, bindingSignatures, revocationSignatures } of subkeys) {
    checks.push(bindingSignatures.length > 0);
    for (const signature of [...bindingSignatures, ...revocationSignatures]) {
      checks.push(verifies(signature, key, { key, bind }));
      // A subkey that signs certifies the primary key in turn.
      const mustCertify = ((signature.keyFlags?.[0] ?? 0) & SIGNS) !== 0;
      checks.push(!mustCertify || verifies(signature.embeddedSignature, bind, { key, bind }));
    }
  }
  return checks;
}

const latestOf = (signatures) =>
  signatures.toSorted((one, other) => other.created - one.created).slice(0, 1);

/**
 * The user IDs of which the AWS provider takes one, by chance: fewest revocations, primary,
 * certified last (`PrimaryIdentity`).
 */
function primaryUsers(users) {
  const rank = ({ revocationSignatures, selfCertifications: [certification] }) => [
    -revocationSignatures.length,
    Number(certification.isPrimaryUserID === true),
    certification.created.getTime(),
  ];
  const isBefore = (one, other) => {
    const differences = rank(one).map((value, index) => value - rank(other)[index]);
    return differences.find((difference) => difference !== 0) > 0;
  };
  const certified = users.filter(
    ({ userID, selfCertifications }) => userID && selfCertifications.length > 0,
  );
  return certified.filter((user) => !certified.some((other) => isBefore(other, user)));
}

/**
 * Leaves what the AWS provider reads of a key: the latest signature for each part, the user IDs
 * that may be primary, and no flag for encrypted storage (go-crypto 1.2.0, `EncryptionKey`).
 * Returns whether these user IDs say the same of the key.
 */
function reduce(key) {
  for (const user of key.users) {
    user.selfCertifications = latestOf(user.selfCertifications);
  }
  for (const subkey of key.subkeys) {
    subkey.bindingSignatures = latestOf(subkey.bindingSignatures);
  }
  key.users = primaryUsers(key.users);
  const certifications = key.users.flatMap((user) => user.selfCertifications);
  const bindings = key.subkeys.flatMap((subkey) => subkey.bindingSignatures);
  for (const { keyFlags } of [...certifications, ...bindings]) {
    keyFlags?.splice(0, 1, keyFlags[0] & ~STORAGE);
  }
  const statements = certifications.map(
    ({ keyFlags, keyExpirationTime, signatureExpirationTime }) =>
      JSON.stringify([keyFlags, keyExpirationTime, signatureExpirationTime]),
  );
  return new Set(statements).size < 2;
}

/**
 * The one key that bytes contain, for the AWS provider as for this program, or the reason why there
 * is none.
 */
async function keyOf(openpgp, binaryKey) {
  const packets = packetsOf(binaryKey);
  const letters = packets.map(({ letter }) => letter).join("");
  if (packets[0]?.version === 6) {
    return { error: "too new" };
  }
  if (!ONE_KEY.test(letters)) {
    return { error: /^[^?]*P[^?]*P[^?]*$/.test(letters) ? "several keys" : "not a key" };
  }
  if (letters.includes("r")) {
    return { error: "revoked" };
  }
  const key = await openpgp.readKey({ binaryKey });
  const keyPackets = [key.keyPacket, ...key.subkeys.map(({ keyPacket }) => keyPacket)];
  const read = packets.filter(({ letter }) => "PS".includes(letter));
  const isSame = keyPackets.every((packet, index) => read[index].content.equals(packet.write()));
  const checks = await Promise.all(
    checksOf(key).map((check) => Promise.resolve(check).catch(() => false)),
  );
  const isWhole =
    isSame &&
    packets.every(({ content, letter }) =>
      letter === "A" ? subpacketsIn(content) : "PUS".includes(letter) || isReadable(content),
    ) &&
    CERTIFYING.has(key.keyPacket.algorithm) &&
    keyPackets.every(isUsable) &&
    checks.every(Boolean);
  return isWhole ? { key } : { error: "invalid part" };
}

/**
 * The parts of a key that encrypt at a time.
 * @throws Error if one cannot: its numbers are wrong
 */
async function encryptingParts(openpgp, key, date) {
  const parts = [];
  for (const part of [key, ...key.subkeys]) {
    const id = part.getKeyID();
    if (await key.getEncryptionKey(id, date).catch(() => undefined)) {
      await openpgp.encryptSessionKey({
        data: new Uint8Array(32),
        algorithm: "aes256",
        format: "object",
        encryptionKeys: key,
        encryptionKeyIDs: [id],
        date,
      });
      parts.push(part);
    }
  }
  return parts;
}

async function read(bytes) {
  const openpgp = require("openpgp");
  Object.assign(openpgp.config, CONFIG);
  const { key, error } = await keyOf(openpgp, Buffer.from(bytes)).catch(() => ({
    error: "not a key",
  }));
  if (key === undefined) {
    return { error };
  }
  // The AWS provider drops a user ID that the key did not certify.
  const userIds = key.users.flatMap(({ userID, selfCertifications }) =>
    userID && selfCertifications.length > 0 ? userID.userID : [],
  );
  if (!reduce(key) || new Set(userIds).size < userIds.length) {
    return { error: "invalid part" };
  }
  const expiries = [
    key.getExpirationTime(),
    ...key.subkeys.map((subkey) => subkey.getExpirationTime(null)),
  ];
  const ends = (await Promise.all(expiries))
    .filter((end) => end !== null)
    .map((end) => Math.min(end, FOREVER));
  for (const end of ends.toSorted((one, other) => other - one)) {
    const parts = await encryptingParts(openpgp, key, new Date(end - 1000)).catch(() => undefined);
    if (parts === undefined) {
      return { error: "invalid part" };
    }
    if (parts.length > 0) {
      return { key: await described(openpgp, key, userIds, end) };
    }
  }
  return { error: "sign only" };
}

/** @param end when its last encryption key expires, in ms */
async function described(openpgp, key, userIds, end) {
  const parts = await encryptingParts(openpgp, key, new Date());
  const invalid = end <= Date.now() ? "expired" : "created in the future";
  return {
    fingerprint: key.getFingerprint(),
    userIds,
    expires: end === FOREVER ? undefined : new Date(end),
    invalid: parts.length > 0 ? undefined : invalid,
  };
}

workerData.on("message", async ({ bytes, signal }) => {
  workerData.postMessage(await read(bytes).catch(({ message }) => ({ failure: message })));
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});
