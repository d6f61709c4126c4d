import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileErrorMessage, readRegularFile, writeFileAtomically } from "../../src/text/files";
import { bundled } from "../helpers/bundled";

describe("writeFileAtomically", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "files-"));
    path = join(folder, "file");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes a new file and replaces an old one, with the mode that is asked for and nothing left beside it", () => {
    writeFileAtomically(path, "old");
    writeFileAtomically(path, "new", { mode: 0o600 });
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("replaces a symbolic link, not the file that it points to", () => {
    writeFileSync(join(folder, "target"), "untouched");
    symlinkSync("target", path);
    writeFileAtomically(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("untouched");
  });

  it("names the path and the remedy in one line, and leaves no temporary file, when a folder is in the way", () => {
    mkdirSync(path);
    expect(() => writeFileAtomically(path, "x")).toThrow(`${path}: illegal operation on a directory (EISDIR)`);
    expect(readdirSync(folder)).toEqual(["file"]);
    expect(() => writeFileAtomically(join(folder, "no/file"), "x")).toThrow(
      `${join(folder, "no/file")}: no such file or directory (ENOENT)`,
    );
    writeFileSync(join(folder, "plain"), "");
    expect(() => writeFileAtomically(join(folder, "plain/file"), "x")).toThrow(
      `${join(folder, "plain/file")}: not a directory (ENOTDIR)`,
    );
  });

  it("keeps the old file, and no part of the new one, when the disk is full", () => {
    writeFileSync(path, "old");
    // A limit on the size of files stands in for the full disk: the kernel interrupts the write at the same point.
    const program = bundled(`
      import { writeFileAtomically } from "./src/text/files";
      writeFileAtomically("${path}", "x".repeat(100000));`);
    const { status, stderr } = spawnSync("sh", ["-c", `trap '' XFSZ; ulimit -f 8; exec "$0" -`, process.execPath], {
      encoding: "utf8",
      input: program,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`Error: ${path}: file too large (EFBIG)`);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("is not interrupted by a signal in a command, which ends the process afterwards", () => {
    const program = bundled(`
      import { writeFileAtomically } from "./src/text/files";
      import { run } from "./src/cli/commands/support/run-command";
      run(() => {
        writeFileAtomically("${path}", "first");
        process.kill(process.pid, "SIGTERM");
        writeFileAtomically("${path}", "second");
        setInterval(() => undefined, 1000);
        return 0;
      });`);
    expect(spawnSync(process.execPath, ["-"], { input: program }).signal).toBe("SIGTERM");
    expect(readFileSync(path, "utf8")).toBe("second");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("readRegularFile", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "files-"));
    path = join(folder, "file");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([0, 1, 65_536, 1_000_000])("reads a file of %d bytes, also through a symbolic link", (size) => {
    const content = Buffer.alloc(size, "abc");
    writeFileSync(path, content);
    symlinkSync("file", join(folder, "link"));
    expect(readRegularFile(path).equals(content)).toBe(true);
    expect(readRegularFile(join(folder, "link")).equals(content)).toBe(true);
  });

  it("reads a file whose size the file system states as 0", () => {
    expect(readRegularFile("/proc/self/status").toString("utf8")).toMatch(/^Name:/);
  });

  it.each<[string, (path: string) => unknown, string]>([
    ["a FIFO, without waiting for a writer", (at) => spawnSync("mkfifo", [at]), "is not a regular file; replace it with one"],
    ["a device", (at) => symlinkSync("/dev/zero", at), "is not a regular file; replace it with one"],
    ["a folder", (at) => mkdirSync(at), "is not a regular file; replace it with one"],
    ["nothing", () => undefined, "no such file or directory (ENOENT)"],
    ["a link to itself", (at) => symlinkSync("file", at), "too many symbolic links encountered (ELOOP)"],
    [
      "a huge file, without reading it",
      (at) => {
        writeFileSync(at, "");
        truncateSync(at, 3 * 2 ** 30);
      },
      "is larger than 16 MiB, the limit; make it smaller",
    ],
  ])("rejects %s", (_, create, message) => {
    create(path);
    expect(() => readRegularFile(path)).toThrow(`${path}: ${message}`);
  });
});

describe("fileErrorMessage", () => {
  it.each([
    [{ errno: -13, path: "f" }, "f: permission denied (EACCES)"],
    [{ errno: -28, path: "f" }, "f: no space left on device (ENOSPC)"],
    [{ errno: -2, path: "a", dest: "b" }, "b: no such file or directory (ENOENT)"],
    [{ errno: -2, path: "terraform", syscall: "spawn terraform" }, undefined],
    [{ code: "ERR_INVALID_ARG_TYPE", path: "f" }, undefined],
    [{ message: "not of the file system" }, undefined],
  ])("of %j is %j", (error, message) => {
    expect(fileErrorMessage(error)).toBe(message);
  });
});
