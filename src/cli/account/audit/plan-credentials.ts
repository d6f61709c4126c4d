import { inflateRawSync } from "node:zlib";
import { backendCredential, credentialsOf, type Finding } from "./secret-search";

// What `terraform show -json` leaves out of a saved plan: the configuration of the backend, credentials of -backend-config included.
// Source: hashicorp/terraform, internal/plans/planproto/planfile.proto.

/** Fields of the messages `Plan`, `Backend` and `DynamicValue`. */
const FIELD = { planBackend: 13, backendType: 1, backendConfig: 2, msgpack: 1 } as const;

/**
 * Credentials of the backend in a saved plan.
 * @param maxBytes limit of the unpacked size
 * @throws Error if the file is no plan that can be unpacked
 */
export function backendCredentialsOfPlan(archive: Buffer, maxBytes: number): readonly Finding[] {
  const backend = fieldOf(entryOf(archive, "tfplan", maxBytes), FIELD.planBackend);
  const config = fieldOf(fieldOf(backend, FIELD.backendConfig), FIELD.msgpack);
  const names = [...credentialsOf(fieldOf(backend, FIELD.backendType).toString("utf8"))];
  return names.filter((name) => hasValue(config, name)).map(backendCredential);
}

/** The content of a file in a zip archive. Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.7, 4.3.12, 4.3.16. */
function entryOf(archive: Buffer, name: string, maxBytes: number): Buffer {
  const end = archive.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  if (end < 0) {
    throw new Error("is a zip archive that ends too early");
  }
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (archive.toString("utf8", at + 46, at + 46 + nameLength) === name) {
      const local = archive.readUInt32LE(at + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const content = archive.subarray(start, start + archive.readUInt32LE(at + 20));
      const isStored = archive.readUInt16LE(at + 10) === 0;
      return isStored ? content : inflateRawSync(content, { maxOutputLength: maxBytes });
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`is a zip archive without ${name}`);
}

/** The bytes of a field of a Protocol Buffers message; empty where it is absent. Source: "Protocol Buffers, Encoding". */
function fieldOf(message: Buffer, field: number): Buffer {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 0) {
      varint();
      continue;
    }
    const length = { 1: 8, 2: wireType === 2 ? varint() : 0, 5: 4 }[wireType];
    if (length === undefined) {
      throw new Error("is a saved plan in an unknown format");
    }
    if (wireType === 2 && Math.floor(tag / 8) === field) {
      return message.subarray(at, at + length);
    }
    at += length;
  }
  return Buffer.alloc(0);
}

/** Whether a map in MessagePack has a string, a list or an object that is not empty under a name. Source: "MessagePack specification". */
function hasValue(map: Buffer, name: string): boolean {
  const key = Buffer.concat([Buffer.from(name.length < 32 ? [0xa0 + name.length] : [0xd9, name.length]), Buffer.from(name)]);
  const at = map.indexOf(key);
  const first = at < 0 ? 0xc0 : (map[at + key.length] ?? 0xc0);
  const isEmpty = [0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xc3].includes(first) || first < 0x80;
  return !isEmpty;
}
