import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { unzipSync } from "fflate";
import { planFiles } from "../../src/cli/diff/plan-archive";
import { verifySavedPlan } from "../../src/cli/diff/saved-plan";
import { cases, SAMPLE } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { type ArchiveParts, archiveOf, archiveParts, uint } from "../helpers/saved-plans";
import { folder } from "./support/project";
import { runIn, terraformEnvironment } from "./support/terraform";

const CONFIGURATION = JSON.stringify({
  terraform: { backend: { local: { path: "x.tfstate" } } },
  resource: { terraform_data: { x: { input: "a" } } },
});
const EVIL = CONFIGURATION.replace('"a"', '"evil"');
const CONFIGURATION_FILE = "tfconfig/m-/cdk.tf.json";

/** What a program reads in an archive: the names, and a digest of all contents. */
type Reading = string;

const UNREADABLE: Reading = "unreadable";
const digest = (contents: readonly Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const content of contents) {
    hash.update(content);
  }
  return hash.digest("hex");
};

function output(program: string, ...args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(program, args, { maxBuffer: 2 ** 26 });
  if (status !== 0) {
    throw new Error(`${program} ended with ${status}: ${stderr.toString()}`);
  }
  return stdout;
}

/** The four programs, each with its own reading of many files. */
class Readers {
  private readonly go = join(folder(), "read");

  constructor() {
    output("go", "build", "-o", this.go, join(PROJECT, "__tests__/e2e/support/read_zip.go"));
  }

  of(files: readonly string[]): readonly (readonly Reading[])[] {
    const lines = (text: Buffer) => text.toString().trimEnd().split("\n");
    const go = lines(output(this.go, ...files));
    const python = lines(output("python3", join(PROJECT, "__tests__/e2e/support/read_zip.py"), ...files));
    return files.map((file, index) => [go[index] ?? "", python[index] ?? "", infoZip(file), fflate(file)]);
  }
}

/** Info-ZIP goes on after warnings, exit code 1. */
function infoZip(file: string): Reading {
  const [names, contents] = [["-Z1"], ["-p"]].map((options) => spawnSync("unzip", [...options, file], { input: "" }));
  return names === undefined || contents === undefined || Math.max(names.status ?? 9, contents.status ?? 9) > 1
    ? UNREADABLE
    : `${names.stdout.toString().trimEnd().replaceAll("\n", ",")} ${digest([contents.stdout])}`;
}

function fflate(file: string): Reading {
  try {
    const files = unzipSync(readFileSync(file));
    return `${Object.keys(files).join(",")} ${digest(Object.values(files))}`;
  } catch {
    return UNREADABLE;
  }
}

type Change = (archive: Buffer, parts: ArchiveParts, random: (below: number) => number) => Buffer;

/** An archive with this configuration, with another order of the files: not what Terraform planned. */
const evilOf = ({ files }: Readonly<Record<"files", ReadonlyMap<string, Buffer>>>) =>
  archiveParts([...files].map(([name, content]) => [name, name === CONFIGURATION_FILE ? EVIL : content]));

const entriesOf = ({ files }: ArchiveParts) =>
  Buffer.concat(files.flatMap(({ header, data, trailer }) => [header, data, trailer]));
const directoryOf = ({ files }: ArchiveParts) => Buffer.concat(files.map(({ record }) => record));
const withBytes = (buffer: Buffer, at: number, bytes: Buffer) => {
  const copy = Buffer.from(buffer);
  bytes.copy(copy, at);
  return copy;
};
const partOf = (parts: ArchiveParts, random: (below: number) => number) => {
  const file = parts.files[random(parts.files.length)];
  if (file === undefined) {
    throw new Error("no files");
  }
  return file;
};

const CHANGES: Readonly<Record<string, Change>> = {
  "one byte": (archive, _, random) => withBytes(archive, random(archive.length), uint(1, random(256))),
  "one bit": (archive, _, random) => {
    const at = random(archive.length);
    return withBytes(archive, at, uint(1, archive.readUInt8(at) ^ (1 << random(8))));
  },
  "a byte more": (archive, _, random) => {
    const at = random(archive.length + 1);
    return Buffer.concat([archive.subarray(0, at), uint(1, random(256)), archive.subarray(at)]);
  },
  "bytes less": (archive, _, random) => {
    const at = random(archive.length);
    return Buffer.concat([archive.subarray(0, at), archive.subarray(at + 1 + random(40))]);
  },
  "bytes before": (archive, _, random) => Buffer.concat([Buffer.alloc(1 + random(99), 0x50), archive]),
  "bytes behind": (archive, _, random) => Buffer.concat([archive, Buffer.alloc(1 + random(99))]),
  "a comment": (archive, _, random) => {
    const length = 1 + random(200);
    return Buffer.concat([archive.subarray(0, -2), uint(2, length), Buffer.alloc(length, 0x20)]);
  },
  "a field of the directory": (_, parts, random) => {
    const { record } = partOf(parts, random);
    record.writeUInt16LE(random(2 ** 16), random(23) * 2);
    return archiveOf(parts);
  },
  "a field of a header": (_, parts, random) => {
    const { header } = partOf(parts, random);
    header.writeUInt16LE(random(2 ** 16), random(15) * 2);
    return archiveOf(parts);
  },
  "a field of a trailer": (_, parts, random) => {
    const { trailer } = partOf(parts, random);
    trailer.writeUInt16LE(random(2 ** 16), random(8) * 2);
    return archiveOf(parts);
  },
  "a field of the end": (_, parts, random) => {
    parts.end.writeUInt16LE(random(2 ** 16), random(11) * 2);
    return archiveOf(parts);
  },
  "a file twice": (_, parts, random) => {
    const files = [...planFiles(archiveOf(parts))];
    const twice = [...files, [CONFIGURATION_FILE, EVIL] as const];
    return archiveOf(archiveParts(random(2) === 0 ? twice : twice.reverse()));
  },
  "a directory that repeats a file": (_, parts) => {
    const [first] = parts.files;
    parts.files.push({ ...(first ?? partOf(parts, () => 0)), header: Buffer.of(), data: Buffer.of(), trailer: Buffer.of() });
    parts.end.writeUInt32LE(parts.end.readUInt32LE(12) + (first?.record.length ?? 0), 12);
    parts.end.writeUInt16LE(parts.files.length, 8);
    parts.end.writeUInt16LE(parts.files.length, 10);
    return archiveOf(parts);
  },
  "files in another order": (_, parts) => {
    parts.files.reverse();
    return archiveOf(parts);
  },
  "a file that begins in another one": (_, parts, random) => {
    partOf(parts, random).record.writeUInt32LE(partOf(parts, random).record.readUInt32LE(42), 42);
    return archiveOf(parts);
  },
  "another name in a header": (_, parts, random) => {
    const { header } = partOf(parts, random);
    header.write(String.fromCharCode(97 + random(26)), 30 + random(6));
    return archiveOf(parts);
  },
  "another content with its own checksum": (_, parts, random) => {
    const file = partOf(parts, random);
    const [other] = archiveParts([["x", EVIL]]).files;
    file.data = other?.data ?? file.data;
    return archiveOf(parts);
  },
  zip64: (_, parts, random) => {
    const locator = Buffer.concat([Buffer.from("PK\u0006\u0007"), uint(4, 0, random(2 ** 16), 0, 1)]);
    parts.end.writeUInt32LE(0xffffffff, 16);
    return Buffer.concat([entriesOf(parts), directoryOf(parts), locator, parts.end]);
  },
  "a second directory at the stated offset, without signature": (_, parts) => {
    const evil = evilOf({ files: planFiles(archiveOf(parts)) });
    const entries = entriesOf(parts);
    const unsigned = withBytes(directoryOf(parts), 0, Buffer.from("XX"));
    const end = withBytes(evil.end, 16, uint(4, entries.length));
    return Buffer.concat([entries, unsigned, entriesOf(evil), directoryOf(evil), end]);
  },
  "a second directory at the end": (_, parts) => {
    const evil = evilOf({ files: planFiles(archiveOf(parts)) });
    const offset = entriesOf(evil).length;
    const end = withBytes(parts.end, 16, uint(4, offset));
    return Buffer.concat([entriesOf(evil), directoryOf(evil), entriesOf(parts), directoryOf(parts), end]);
  },
};

describe("an archive that is not as Terraform wrote it", () => {
  let honest: Buffer;
  const path = folder();
  const readers = new Readers();

  beforeAll(() => {
    writeFileSync(join(path, "cdk.tf.json"), CONFIGURATION);
    const environment = terraformEnvironment();
    for (const args of [["init"], ["plan", "-out=plan"]]) {
      expect(runIn(path, environment, "terraform", ...args)).toMatchObject({ status: 0 });
    }
    honest = readFileSync(join(path, "plan"));
  });

  const isVerified = (archive: Buffer) =>
    verifySavedPlan(archive, { files: { "cdk.tf.json": [CONFIGURATION] }, lock: undefined, isPartial: false })?.verification ===
    "verified";
  const partsOfHonest = () => archiveParts([...planFiles(honest)]);
  const readingsOf = (archives: readonly Buffer[]) => {
    for (const [index, archive] of archives.entries()) {
      writeFileSync(join(path, `${index}.zip`), archive);
    }
    return readers.of(archives.map((_, index) => join(path, `${index}.zip`)));
  };

  it("is read alike by Go, Python, Info-ZIP and fflate where it is as Terraform wrote it", () => {
    const files = [...planFiles(honest)];
    const reading = `${files.map(([name]) => name).join(",")} ${digest(files.map(([, content]) => content))}`;
    expect(isVerified(honest)).toBe(true);
    expect(readingsOf([honest, archiveOf(partsOfHonest())])).toEqual([0, 1].map(() => [reading, reading, reading, reading]));
  });

  it.each(Object.entries(CHANGES))("is verified only if these four read what Terraform wrote: %s", (_, change) => {
    const numbers = fc.sample(fc.array(fc.nat(2 ** 30), { minLength: 4, maxLength: 4 }), {
      numRuns: cases(5, 125),
      seed: SAMPLE,
    });
    const archives = numbers.map((given) => {
      const rest = [...given];
      return change(honest, partsOfHonest(), (below) => (rest.pop() ?? 0) % below);
    });
    const [expected] = readingsOf([honest]).flat();
    const readings = readingsOf(archives);
    const verified = archives.map(isVerified);
    expect(readings.filter((given, index) => verified[index] === true && given.some((one) => one !== expected))).toEqual([]);
  });

  it("reads two directories differently, as the test assumes", () => {
    const two = ["a second directory at the stated offset, without signature", "a second directory at the end"] as const;
    const readings = readingsOf(two.map((name) => CHANGES[name]?.(honest, partsOfHonest(), () => 0) ?? honest));
    expect(readings.map((given) => new Set(given).size > 1)).toEqual([true, true]);
  });
});
