// The worker thread of openpgp-key.ts: the library reads keys asynchronously, and settings are read synchronously.
const { workerData } = require("node:worker_threads");

/** The AWS provider encrypts for weak keys as well; only Go's RSA requires 1024 bits (crypto/rsa, since Go 1.24). */
const WEAK_KEYS = { minRSABits: 1024, rejectPublicKeyAlgorithms: new Set(), rejectCurves: new Set() };
/** A packet that the library does not know is no key: the AWS provider may know it. */
const CONFIG = { ...WEAK_KEYS, ignoreUnsupportedPackets: false };
const FOREVER = 8.64e15;
/** Algorithms that the AWS provider verifies signatures of: RSA, DSA, ECDSA, EdDSA (RFC 9580, section 9.1). */
const CERTIFYING = new Set([1, 3, 17, 19, 22, 27, 28]);
/** Hashes and ciphers of ECDH (section 11.5); it knows no other hash, and wraps keys with AES alone. */
const ECDH_HASHES = new Set([8, 9, 10]);
const ECDH_CIPHERS = new Set([7, 8, 9]);
/** Key flags (section 5.2.3.29). */
const SIGNS = 2;
const STORAGE = 8;

/**
 * One transferable public key of version 4 (RFC 9580, section 10.1.1), each packet as a letter, and nothing else: a primary key,
 * its direct signatures and revocations, user IDs and attributes with their certifications, subkeys with their bindings.
 */
const ONE_KEY = /^P[dr]*(?:Uc*|Ac*)+(?:Sb+)*$/;
/** Packet types (section 5), and types of signatures (section 5.2.1). */
const PACKETS = { 6: "P", 13: "U", 14: "S", 17: "A" };
const SIGNATURES = { 16: "c", 17: "c", 18: "c", 19: "c", 24: "b", 31: "d", 32: "r", 40: "b", 48: "c" };

/** Length and offset of a packet's content (section 4.2); no length: indeterminate or partial. */
function headerAt(view, at) {
  const first = view.getUint8(at);
  if (first < 0xc0) {
    const lengths = [() => view.getUint8(at + 1), () => view.getUint16(at + 1), () => view.getUint32(at + 1)];
    const form = first & 3;
    return { type: (first & 0x3c) >> 2, start: at + 1 + 2 ** form, length: lengths[form]?.() };
  }
  const type = first & 0x3f;
  const length = view.getUint8(at + 1);
  if (length < 192) {
    return { type, start: at + 2, length };
  }
  if (length < 224) {
    return { type, start: at + 3, length: (length - 192) * 256 + view.getUint8(at + 2) + 192 };
  }
  return { type, start: at + 6, length: length === 255 ? view.getUint32(at + 2) : undefined };
}

/** The content of each packet, with its letter in `ONE_KEY`. @throws RangeError if one is cut off */
function packetsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packets = [];
  let end = 0;
  while (end < bytes.length) {
    const { type, start, length } = headerAt(view, end);
    end = start + (length ?? Number.POSITIVE_INFINITY);
    const content = bytes.subarray(start, end);
    const [version, signature] = content;
    const letter = type === 2 ? SIGNATURES[signature] : PACKETS[type];
    const isKnown = end <= bytes.length && (version === 4 || type === 13 || type === 17);
    packets.push({ content, version, letter: (isKnown && letter) || "?" });
  }
  return packets;
}

/** Whether a signature is right, at whatever time, and one of those that the AWS provider does not skip. */
async function verifies(signature, key, data) {
  await signature.verify(key, signature.signatureType, data, null);
  return signature.exportable !== false && signature.revocable === null && signature.signatureTargetHash === null;
}

/** Whether the AWS provider can encrypt with the numbers of a key: RSA with an odd exponent of at most 3 bytes, ECDH as RFC 9580 has it. */
function isUsable({ publicParams: { e, kdfParams } }) {
  if (e !== undefined) {
    return e.length <= 3 && e.at(-1) % 2 === 1 && Buffer.from(e).readUIntBE(0, e.length) > 1;
  }
  return kdfParams === undefined || (ECDH_HASHES.has(kdfParams.hash) && ECDH_CIPHERS.has(kdfParams.cipher));
}

/** The signatures that a key made for its own parts, each with whether it is right; and whether each part has what it must have. */
function checksOf({ keyPacket: key, users, subkeys }) {
  const checks = [];
  for (const { userID, userAttribute, selfCertifications, otherCertifications, revocationSignatures } of users) {
    for (const signature of [...selfCertifications, ...otherCertifications, ...revocationSignatures]) {
      const isOwn = signature.issuerKeyID.equals(key.getKeyID());
      const { issuerFingerprint = null } = signature;
      checks.push(issuerFingerprint === null || isOwn === Buffer.from(issuerFingerprint).equals(key.getFingerprintBytes()));
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

/**
 * Leaves what the AWS provider reads of a key: of several signatures for one part the latest one, and no flag for encrypted storage
 * (go-crypto 1.2.0, `EncryptionKey`).
 */
function reduce({ users, subkeys }) {
  const latest = (signatures) => signatures.toSorted((one, other) => other.created - one.created).slice(0, 1);
  for (const user of users) {
    user.selfCertifications = latest(user.selfCertifications);
  }
  for (const subkey of subkeys) {
    subkey.bindingSignatures = latest(subkey.bindingSignatures);
  }
  const signatures = [
    ...users.flatMap((user) => user.selfCertifications),
    ...subkeys.flatMap((subkey) => subkey.bindingSignatures),
  ];
  for (const { keyFlags } of signatures) {
    keyFlags?.splice(0, 1, keyFlags[0] & ~STORAGE);
  }
}

/** The one key that bytes are, for the AWS provider as for this program; otherwise why they are none. */
async function keyOf(openpgp, binaryKey) {
  const packets = packetsOf(binaryKey);
  const letters = packets.map(({ letter }) => letter).join("");
  if (packets[0]?.version === 6) {
    return { error: "too new" };
  }
  if (!ONE_KEY.test(letters)) {
    return { error: /^[^?]+$/.test(letters) && letters.split("P").length > 2 ? "several keys" : "not a key" };
  }
  if (letters.includes("r")) {
    return { error: "revoked" };
  }
  const key = await openpgp.readKey({ binaryKey });
  const keyPackets = [key.keyPacket, ...key.subkeys.map(({ keyPacket }) => keyPacket)];
  const contents = packets.filter(({ letter }) => "PS".includes(letter)).map(({ content }) => content);
  const isSame = keyPackets.every((packet, index) => contents[index].equals(packet.write()));
  const checks = await Promise.all(checksOf(key).map((check) => Promise.resolve(check).catch(() => false)));
  const isWhole = isSame && CERTIFYING.has(key.keyPacket.algorithm) && keyPackets.every(isUsable) && checks.every(Boolean);
  return isWhole ? { key } : { error: "invalid part" };
}

/** The parts of a key that encrypt at a time. @throws Error if one cannot: its numbers are wrong */
async function encryptingParts(openpgp, key, date) {
  const parts = [];
  for (const part of [key, ...key.subkeys]) {
    const id = part.getKeyID();
    if (await key.getEncryptionKey(id, date).catch(() => undefined)) {
      const message = { data: new Uint8Array(32), algorithm: "aes256", format: "object" };
      await openpgp.encryptSessionKey({ ...message, encryptionKeys: key, encryptionKeyIDs: [id], date });
      parts.push(part);
    }
  }
  return parts;
}

async function read(bytes) {
  const openpgp = require("openpgp");
  Object.assign(openpgp.config, CONFIG);
  const { key, error } = await keyOf(openpgp, Buffer.from(bytes)).catch(() => ({ error: "not a key" }));
  if (key === undefined) {
    return { error };
  }
  reduce(key);
  const expiries = [key.getExpirationTime(), ...key.subkeys.map((subkey) => subkey.getExpirationTime(null))];
  const ends = (await Promise.all(expiries)).filter((end) => end !== null).map((end) => Math.min(end, FOREVER));
  for (const end of ends.toSorted((one, other) => other - one)) {
    const parts = await encryptingParts(openpgp, key, new Date(end - 1000)).catch(() => undefined);
    if (parts === undefined) {
      return { error: "invalid part" };
    }
    if (parts.length > 0) {
      return { key: await described(openpgp, key, end) };
    }
  }
  return { error: "sign only" };
}

/** What settings and people see of a key. @param end when its last encryption key expires, in ms */
async function described(openpgp, key, end) {
  const parts = await encryptingParts(openpgp, key, new Date());
  const invalid = end <= Date.now() ? "expired" : "created in the future";
  return {
    fingerprint: key.getFingerprint(),
    // The AWS provider drops a user ID that the key did not certify.
    userIds: key.users.flatMap(({ userID, selfCertifications }) =>
      userID && selfCertifications.length > 0 ? userID.userID : [],
    ),
    expires: end === FOREVER ? undefined : new Date(end),
    invalid: parts.length > 0 ? undefined : invalid,
  };
}

workerData.on("message", async ({ bytes, signal }) => {
  workerData.postMessage(await read(bytes).catch(({ message }) => ({ failure: message })));
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});
