import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

/**
 * The file system in memory of Linux. The tests create and delete thousands of folders: measured, 5
 * ms each on a disk, 0.3 ms here.
 */
const MEMORY = "/dev/shm";
/** Containers often have 64 MB, which the tests of large files exceed. */
const REQUIRED_BYTES = 2 ** 28;

/** If the system has enough memory for files, the temporary folders of the unit tests are there. */
export default function setup(): void {
  if (existsSync(MEMORY) && freeBytes(MEMORY) >= REQUIRED_BYTES) {
    const folder = mkdtempSync(join(MEMORY, "unit-tests-"));
    process.env.TMPDIR = folder;
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
}

function freeBytes(path: string) {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
