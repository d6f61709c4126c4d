import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { atEnd, temporaryFolder } from "./cleanup";

/** With RSA, GnuPG creates only a signing key unless a usage is given. */
const USAGE: Readonly<Record<string, string>> = { rsa2048: "sign,encrypt" };

/** A temporary GnuPG home folder with one key. */
export class Gpg {
  readonly home = temporaryFolder();

  constructor() {
    // Its agent would outlive the test.
    atEnd(() =>
      spawnSync("gpgconf", ["--kill", "all"], {
        env: { PATH: process.env.PATH, GNUPGHOME: this.home },
      }),
    );
  }

  static create(algorithm: string): Gpg {
    const gpg = new Gpg();
    gpg.run([
      "--quick-generate-key",
      "dkp@example.com",
      algorithm,
      USAGE[algorithm] ?? "default",
      "never",
    ]);
    return gpg;
  }

  /** The file `deployments/team.asc` that documented commands write. */
  static documented(commands: string): string {
    const gpg = new Gpg();
    const withoutQuestions = `gpg() { command gpg --batch --quiet --pinentry-mode loopback --passphrase "" "$@"; }\n${commands}`;
    const env = { PATH: process.env.PATH, GNUPGHOME: gpg.home };
    mkdirSync(join(gpg.home, "deployments"));
    const { stderr, status } = spawnSync("sh", ["-e", "-c", withoutQuestions], {
      env,
      encoding: "utf8",
      cwd: gpg.home,
    });
    if (status !== 0) {
      throw new Error(stderr);
    }
    return readFileSync(join(gpg.home, "deployments/team.asc"), "utf8");
  }

  publicKey(): string {
    return this.run(["--export", "dkp@example.com"]).toString("base64");
  }

  decrypt(base64: string): string {
    return this.run(["--decrypt"], Buffer.from(base64, "base64")).toString();
  }

  /**
   * Runs GnuPG without questions.
   * @throws Error with its output if it fails
   */
  run(args: readonly string[], input?: Buffer): Buffer {
    const { status, stdout, stderr } = spawnSync(
      "gpg",
      ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", ...args],
      { env: { PATH: process.env.PATH, GNUPGHOME: this.home }, input },
    );
    if (status !== 0) {
      throw new Error(stderr.toString());
    }
    return stdout;
  }
}
