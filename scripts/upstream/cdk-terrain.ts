import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { packageFile } from "../../src/text/package-file";

/**
 * Compares the packages of CDK Terrain that docs/how-to/cdktn.md installs, which the tests run, with the newest
 * ones. Exit code 2: a newer one is untested.
 */
const page = readFileSync(packageFile("docs/how-to/cdktn.md"), "utf8");
for (const [, name = "", tested] of page.matchAll(/npm:(@?[\w/-]+)@([\d.]+)/g)) {
  const { status, stdout, stderr } = spawnSync("npm", ["view", name, "version"], {
    encoding: "utf8",
  });
  const newest = stdout.trim();
  if (status !== 0) {
    process.stderr.write(stderr);
    process.exitCode = 1;
  } else if (newest !== tested) {
    process.stdout.write(
      `${name} ${newest} is untested: docs/how-to/cdktn.md installs ${tested}\n`,
    );
    process.exitCode ??= 2;
  }
}
