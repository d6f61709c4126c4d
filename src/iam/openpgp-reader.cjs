// The worker thread of openpgp-key.ts: the library reads keys asynchronously, and settings are read synchronously.
const { workerData } = require("node:worker_threads");

/** The AWS provider encrypts for all of these; whether it should is not decided here. */
const WEAK_KEYS = { minRSABits: 0, rejectPublicKeyAlgorithms: new Set(), rejectCurves: new Set() };
const FOREVER = 8.64e15;

async function read(binaryKeys) {
  const openpgp = require("openpgp");
  Object.assign(openpgp.config, WEAK_KEYS);
  const [key, ...others] = await openpgp.readKeys({ binaryKeys }).catch(() => []);
  if (key === undefined || others.length > 0) {
    return { error: key === undefined ? "not a key" : "several keys" };
  }
  if (key.keyPacket.version !== 4) {
    return { error: "too new" };
  }
  if (await key.isRevoked()) {
    return { error: "revoked" };
  }
  const encryptsAt = (time) => key.getEncryptionKey(undefined, new Date(time)).then(Boolean, () => false);
  const expiries = [key.getExpirationTime(), ...key.subkeys.map((subkey) => subkey.getExpirationTime(null))];
  const ends = (await Promise.all(expiries)).filter((end) => end !== null).map((end) => Math.min(end, FOREVER));
  for (const end of ends.toSorted((one, other) => other - one)) {
    if (await encryptsAt(end - 1000)) {
      const expires = end === FOREVER ? undefined : new Date(end);
      const invalid = end <= Date.now() ? "expired" : "created in the future";
      const isValid = await encryptsAt(Date.now());
      return {
        key: { fingerprint: key.getFingerprint(), userIds: key.getUserIDs(), expires, invalid: isValid ? undefined : invalid },
      };
    }
  }
  return { error: "sign only" };
}

workerData.on("message", async ({ bytes, signal }) => {
  workerData.postMessage(await read(bytes).catch(({ message }) => ({ failure: message })));
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});
