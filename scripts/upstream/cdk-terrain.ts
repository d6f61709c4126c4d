import { spawnSync } from "node:child_process";
import { CDK_TERRAIN } from "../../src/cli/init/repository";

/**
 * Compares the packages of CDK Terrain that this version is tested with with the newest ones. Exit
 * code 2: a newer one is untested.
 */
for (const [name, tested] of Object.entries(CDK_TERRAIN)) {
  const { status, stdout, stderr } = spawnSync("npm", ["view", name, "version"], {
    encoding: "utf8",
  });
  const newest = stdout.trim();
  if (status !== 0) {
    process.stderr.write(stderr);
    process.exitCode = 1;
  } else if (newest !== tested) {
    process.stdout.write(
      `${name} ${newest} is untested: init writes, and docs/reference/support.md names, ${tested}\n`,
    );
    process.exitCode ??= 2;
  }
}
