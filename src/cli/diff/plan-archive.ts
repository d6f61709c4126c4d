import { gunzipSync } from "node:zlib";

/** The files in a saved plan, by name. */
export type PlanFiles = ReadonlyMap<string, Buffer>;

/** Bytes of the end record, and of a record of the directory without name and extra field. */
const [END, RECORD] = [22, 46];

/** The extra field with the time of a change in seconds, which Go writes for every file: 5 bytes, then the time. */
const [TIME, EXTRA] = [Buffer.from("UT\u0005\0\u0001", "latin1"), 9];

/** A plan has a few megabytes; an archive that claims more is not read. */
const MAX_BYTES = 2 ** 28;

/** The head of a file that gzip compressed: zlib then verifies checksum and size. */
const GZIP = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/**
 * Reads a saved plan, a zip archive, only if every program reads it alike: if it has, byte for byte, the structure that Go's
 * `archive/zip` writes. That is one directory, whose end record is the end of the archive; before it the files in the order of the
 * directory, from the first byte and without gaps; and each file with a header and a trailer that repeat the directory.
 * Source: PKWARE's APPNOTE.TXT; `planfile.Create` of Terraform and OpenTofu; tried with Terraform 1.11.4.
 * @throws Error if it has another structure, another checksum or size, or two files of one name
 */
export function planFiles(archive: Buffer): PlanFiles {
  const end = archive.length - END;
  const [count, size, start] = [archive.readUInt16LE(end + 10), archive.readUInt32LE(end + 12), archive.readUInt32LE(end + 16)];
  const numbers = [0, 0, count, count].map((number) => uint(2, number));
  requireBytes(archive, end, [signature("\u0005\u0006"), ...numbers, uint(4, size), uint(4, start), uint(2, 0)]);
  const files = new Map<string, Buffer>();
  let [record, position, total] = [start, 0, 0];
  for (let index = 0; index < count; index++) {
    const file = fileOf(archive, record, position);
    total += file.size;
    if (total > MAX_BYTES || files.has(file.name)) {
      throw new Error(`${file.name}: too large, or there twice`);
    }
    files.set(file.name, contentOf(file));
    [record, position] = [file.nextRecord, file.nextPosition];
  }
  if (position !== start || record !== end || start + size !== end) {
    throw new Error("bytes that belong to no file");
  }
  return files;
}

interface ArchivedFile {
  readonly name: string;
  readonly data: Buffer;
  readonly checksum: Buffer;
  readonly size: number;
  /** Where the directory continues. */
  readonly nextRecord: number;
  /** Where the next file begins. */
  readonly nextPosition: number;
}

/** The file of a record of the directory, which begins at a position. @throws Error if a byte differs from what Go writes */
function fileOf(archive: Buffer, record: number, position: number): ArchivedFile {
  const part = (from: number, to: number) => archive.subarray(record + from, record + to);
  const [compressed, size] = [archive.readUInt32LE(record + 20), archive.readUInt32LE(record + 24)];
  const nameEnd = RECORD + archive.readUInt16LE(record + 28);
  const nextRecord = record + nameEnd + EXTRA;
  // Version 2.0, sizes in the trailer, method deflate, time and date.
  const head = [...[20, 8, 8].map((number) => uint(2, number)), part(12, 16)];
  const name = [part(28, 30), uint(2, EXTRA)];
  const names = [part(RECORD, nameEnd), TIME, part(nameEnd + TIME.length, nameEnd + EXTRA)];
  // No comment, disk and attributes.
  const rest = [Buffer.alloc(10), uint(4, position), ...names];
  requireBytes(archive, record, [signature("\u0001\u0002"), uint(2, 20), ...head, part(16, 28), ...name, ...rest]);
  const begin = requireBytes(archive, position, [signature("\u0003\u0004"), ...head, Buffer.alloc(12), ...name, ...names]);
  const nextPosition = requireBytes(archive, begin + compressed, [signature("\u0007\b"), part(16, 28)]);
  const data = archive.subarray(begin, begin + compressed);
  return { name: part(RECORD, nameEnd).toString("latin1"), data, checksum: part(16, 20), size, nextRecord, nextPosition };
}

/** @throws Error if the compressed data is damaged, or has another checksum or size */
function contentOf({ name, data, checksum, size }: ArchivedFile): Buffer {
  const content = gunzipSync(Buffer.concat([GZIP, data, checksum, uint(4, size)]), { maxOutputLength: size + 1 });
  if (content.length !== size) {
    throw new Error(`${name}: has not the size that the directory has`);
  }
  return content;
}

/** @returns the end of these bytes in an archive @throws Error if they are not there */
function requireBytes(archive: Buffer, at: number, parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  if (!archive.subarray(at, at + bytes.length).equals(bytes)) {
    throw new Error(`the archive has another structure at byte ${at}`);
  }
  return at + bytes.length;
}

const signature = (kind: string) => Buffer.from(`PK${kind}`, "latin1");

/** A number in little-endian order. */
function uint(bytes: number, value: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}
