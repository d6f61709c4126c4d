import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../files";

const LOCK_FILE = ".terraform.lock.hcl";
/** Stands beside a lock file that was copied, to tell it from one that `terraform init` wrote itself. */
const COPY_MARK = ".terraform.lock.hcl.copied";

/**
 * Brings the committed provider lock of a stack to where Terraform looks for it.
 * A copy goes when its original does; a lock that `terraform init` wrote is left alone.
 *
 * @param original `locks/<stack>.terraform.lock.hcl`, which need not exist
 * @param stackFolder the stack's folder below `cdktf.out`
 */
export function placeLockFile(original: string, stackFolder: string): void {
  const copy = join(stackFolder, LOCK_FILE);
  const mark = join(stackFolder, COPY_MARK);
  if (existsSync(original)) {
    writeFileAtomically(copy, readFileSync(original));
    writeFileAtomically(mark, "This lock file is a copy of the one in the folder locks/.\n");
  } else if (existsSync(mark)) {
    rmSync(copy, { force: true });
    rmSync(mark);
  }
}
