import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readRegularFile, writeFileAtomically } from "../text/files";

const LOCK_FILE = ".terraform.lock.hcl";
/** Marks a lock file that was copied, which distinguishes it from one that `terraform init` wrote. */
const COPY_MARK = ".terraform.lock.hcl.copied";

/** The committed provider lock of a stack, which may be missing. */
export const committedLock = (stack: string) => join("locks", `${stack}${LOCK_FILE}`);

/**
 * Copies the committed provider lock of a stack into the folder where Terraform reads it.
 * Removes the copy when its original no longer exists. Never changes a lock that `terraform init` wrote.
 *
 * @param original `committedLock`
 * @param stackFolder the stack's folder below `cdktf.out`
 */
export function copyLockFile(original: string, stackFolder: string): void {
  const copy = join(stackFolder, LOCK_FILE);
  const mark = join(stackFolder, COPY_MARK);
  if (existsSync(original)) {
    writeFileAtomically(copy, readRegularFile(original));
    writeFileAtomically(mark, "This lock file is a copy of the one in the folder locks/.\n");
  } else if (existsSync(mark)) {
    rmSync(copy, { force: true });
    rmSync(mark);
  }
}
