import { gzipSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";

/** A file in an archive, as the bytes of its four records. */
export interface ArchivedParts {
  header: Buffer;
  data: Buffer;
  trailer: Buffer;
  record: Buffer;
}

/** An archive by its parts, which a test may change. */
export interface ArchiveParts {
  files: ArchivedParts[];
  end: Buffer;
}

export function uint(bytes: number, ...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(bytes * values.length);
  for (const [index, value] of values.entries()) {
    buffer.writeUIntLE(value, index * bytes, bytes);
  }
  return buffer;
}

/** An archive as Go writes it for a saved plan, by its parts. */
export function archiveParts(contents: readonly (readonly [name: string, content: string | Buffer])[]): ArchiveParts {
  let position = 0;
  const files = contents.map(([name, content]): ArchivedParts => {
    const zipped = gzipSync(content);
    const data = zipped.subarray(10, -8);
    const sizes = Buffer.concat([zipped.subarray(-8, -4), uint(4, data.length, Buffer.byteLength(content))]);
    const head = Buffer.concat([uint(2, 20, 8, 8), uint(4, 0x5d7c4472)]);
    const lengths = uint(2, name.length, 9);
    const names = Buffer.concat([Buffer.from(name), Buffer.from("555405000158920a6b", "hex")]);
    const header = Buffer.concat([Buffer.from("PK\u0003\u0004"), head, Buffer.alloc(12), lengths, names]);
    const trailer = Buffer.concat([Buffer.from("PK\u0007\b"), sizes]);
    const record = [Buffer.from("PK\u0001\u0002"), uint(2, 20), head, sizes, lengths, Buffer.alloc(10), uint(4, position), names];
    position += header.length + data.length + trailer.length;
    return { header, data, trailer, record: Buffer.concat(record) };
  });
  const size = files.reduce((sum, { record }) => sum + record.length, 0);
  const numbers = [uint(2, 0, 0, files.length, files.length), uint(4, size, position), uint(2, 0)];
  return { files, end: Buffer.concat([Buffer.from("PK\u0005\u0006"), ...numbers]) };
}

export function archiveOf({ files, end }: ArchiveParts): Buffer {
  const entries = files.flatMap(({ header, data, trailer }) => [header, data, trailer]);
  return Buffer.concat([...entries, ...files.map(({ record }) => record), end]);
}

/** A value in MessagePack, as go-cty writes it. */
export const packed = (value: unknown): Buffer => Buffer.from(encode(value, { sortKeys: true }));

/** A field of a message of Protocol Buffers; a number, or what has a length. */
export function field(number: number, content: number | Buffer | string): Buffer {
  const varint = (value: number): readonly number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  return typeof content === "number"
    ? uint(1, ...varint(number * 8), ...varint(content))
    : Buffer.concat([uint(1, ...varint(number * 8 + 2), ...varint(Buffer.byteLength(content))), Buffer.from(content)]);
}

/** The backend of a plan, field 13 of `tfplan`. */
export const backendField = (type: string, config: object, workspace = "default"): Buffer =>
  field(13, Buffer.concat([field(1, type), field(2, field(1, packed(config))), field(3, workspace)]));

/** `tfplan` of a saved plan, as far as it is read. */
export const tfplan = (backend: Buffer): Buffer => Buffer.concat([field(1, 3), field(14, "1.11.4"), backend, field(25, 1)]);
