import { spawnSync } from "node:child_process";
import { folder } from "./project";

/** Of RSA, GnuPG makes one key, for signing only, unless told. */
const USAGE: Readonly<Record<string, string>> = { rsa2048: "sign,encrypt" };

/** A GnuPG home of its own with one throw-away key. */
export class Gpg {
  readonly home = folder();

  /** @param algorithm as for `gpg --quick-generate-key` */
  static make(algorithm: string): Gpg {
    const gpg = new Gpg();
    gpg.run(["--quick-generate-key", "dkp@example.com", algorithm, USAGE[algorithm] ?? "default", "never"]);
    return gpg;
  }

  publicKey(): string {
    return this.run(["--export", "dkp@example.com"]).toString("base64");
  }

  decrypt(base64: string): string {
    return this.run(["--decrypt"], Buffer.from(base64, "base64")).toString();
  }

  /** GnuPG's agent lives as long as its home; it must not outlive the test. */
  stop(): void {
    spawnSync("gpgconf", ["--kill", "all"], { env: { PATH: process.env.PATH, GNUPGHOME: this.home } });
  }

  private run(args: readonly string[], input?: Buffer): Buffer {
    const { status, stdout, stderr } = spawnSync(
      "gpg",
      ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", ...args],
      {
        env: { PATH: process.env.PATH, GNUPGHOME: this.home },
        input,
      },
    );
    if (status !== 0) {
      throw new Error(stderr.toString());
    }
    return stdout;
  }
}
