import { readPgpKey } from "../../src/iam/openpgp-key";
import { Gpg } from "./support/gpg";
import { LocalAws } from "./support/local-aws";
import { folder, removeFolders } from "./support/project";
import { Terraform } from "./support/terraform";

const DAY_MS = 86_400_000;

/** Keys in one GnuPG home, each of an owner with the name of the case. */
class KeyRing {
  readonly gpg = new Gpg();

  /** @param days when the command runs, in days from now */
  private at(days: number, ...args: string[]): void {
    const time = new Date(Date.now() + days * DAY_MS).toISOString().replace(/[-:]|\..*/g, "");
    this.gpg.run([`--faked-system-time=${time}`, ...args]);
  }

  create(owner: string, algorithm: string, usage = "sign,cert", { at = -10, expires = "never" } = {}): void {
    this.at(at, "--quick-generate-key", `${owner}@example.com`, algorithm, usage, expires);
  }

  addSubkey(owner: string, algorithm: string, { at = -10, expires = "never" } = {}): void {
    this.at(at, "--quick-add-key", this.fingerprint(owner), algorithm, "encr", expires);
  }

  extend(owner: string): void {
    this.at(-9, "--quick-set-expire", this.fingerprint(owner), "30d");
    this.at(-9, "--quick-set-expire", this.fingerprint(owner), "30d", "*");
  }

  revokeSubkey(owner: string, number: number): void {
    const answers = [`key ${number}`, "revkey", "y", "0", "", "y", "save"];
    this.gpg.run(["--no-tty", "--command-fd=0", "--edit-key", this.fingerprint(owner)], Buffer.from(`${answers.join("\n")}\n`));
  }

  export(owner: string, ...options: string[]): string {
    return this.gpg.run([...options, "--export", `=${owner}@example.com`]).toString("base64");
  }

  private fingerprint(owner: string): string {
    const listed = this.gpg.run(["--with-colons", "--list-keys", `=${owner}@example.com`]).toString();
    return /^fpr:+([0-9A-F]+)/m.exec(listed)?.[1] ?? "";
  }
}

/** Each case creates its key and returns what the provider and this program should say of it. */
const CASES: Readonly<Record<string, (ring: KeyRing, owner: string) => string>> = {
  ...Object.fromEntries(
    [
      ["rsa1024", "rsa1024"],
      ["rsa2048", "rsa2048"],
      ["nistp256", "nistp256"],
      ["nistp521", "nistp521"],
      ["brainpool", "brainpoolP256r1"],
      ["secp256k1", "secp256k1"],
      ["dsa-elgamal", "dsa2048", "elg2048"],
    ].map(([owner = "", primary = "", subkey = primary]) => [
      owner,
      (ring: KeyRing) => {
        ring.create(owner, primary);
        ring.addSubkey(owner, subkey);
        return "valid";
      },
    ]),
  ),
  cv25519: (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519");
    return "valid";
  },
  "one-rsa-key": (ring, owner) => {
    ring.create(owner, "rsa2048", "sign,cert,encr");
    return "valid";
  },
  "two-subkeys-newer-expired": (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519");
    ring.addSubkey(owner, "cv25519", { at: -9, expires: "1d" });
    return "valid";
  },
  "two-subkeys-older-expired": (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519", { expires: "1d" });
    ring.addSubkey(owner, "cv25519", { at: -5, expires: "20d" });
    return "valid, expires in 15 days";
  },
  "two-subkeys-newer-revoked": (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519");
    ring.addSubkey(owner, "cv25519", { at: -9 });
    ring.revokeSubkey(owner, 2);
    return "valid";
  },
  "primary-expires-before-subkey": (ring, owner) => {
    ring.create(owner, "ed25519", "sign,cert", { expires: "20d" });
    ring.addSubkey(owner, "cv25519", { expires: "40d" });
    return "valid, expires in 10 days";
  },
  "extended-expiry": (ring, owner) => {
    ring.create(owner, "ed25519", "sign,cert", { expires: "2d" });
    ring.addSubkey(owner, "cv25519", { expires: "2d" });
    ring.extend(owner);
    return "valid, expires in 21 days";
  },
  "primary-expired": (ring, owner) => {
    ring.create(owner, "ed25519", "sign,cert", { expires: "2d" });
    ring.addSubkey(owner, "cv25519");
    return "expired";
  },
  "subkey-expired": (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519", { expires: "2d" });
    return "expired";
  },
  "created-in-the-future": (ring, owner) => {
    ring.create(owner, "ed25519", "sign,cert", { at: 5 });
    ring.addSubkey(owner, "cv25519", { at: 5 });
    return "created in the future";
  },
  "subkey-created-in-the-future": (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519", { at: 5 });
    return "created in the future";
  },
  "only-subkey-revoked": (ring, owner) => {
    ring.create(owner, "ed25519");
    ring.addSubkey(owner, "cv25519");
    ring.revokeSubkey(owner, 1);
    return "sign only";
  },
  "sign-only": (ring, owner) => {
    ring.create(owner, "ed25519");
    return "sign only";
  },
};

function judge(text: string): string {
  const reading = readPgpKey(text);
  if ("error" in reading) {
    return reading.error;
  }
  const { invalid, expires } = reading.key;
  const days = expires === undefined ? "" : `, expires in ${Math.round((expires.getTime() - Date.now()) / DAY_MS)} days`;
  return invalid ?? `valid${days}`;
}

describe("OpenPGP keys of every kind", () => {
  it("are judged as the AWS provider judges them when it encrypts a secret", async () => {
    const ring = new KeyRing();
    const aws = await LocalAws.start();
    try {
      const expected = Object.fromEntries(Object.entries(CASES).map(([owner, create]) => [owner, create(ring, owner)]));
      const keys = Object.fromEntries(Object.keys(CASES).map((owner) => [owner, ring.export(owner)]));
      keys["minimal-export"] = ring.export("cv25519", "--export-options=export-minimal");
      expect(Object.fromEntries(Object.entries(keys).map(([owner, text]) => [owner, judge(text)]))).toEqual({
        ...expected,
        "minimal-export": "valid",
      });
      const resource = {
        aws_iam_user: Object.fromEntries(Object.keys(keys).map((name) => [name, { name }])),
        aws_iam_access_key: Object.fromEntries(
          Object.entries(keys).map(([name, pgp_key]) => [name, { user: `\${aws_iam_user.${name}.name}`, pgp_key }]),
        ),
      };
      const configuration = { provider: { aws: { region: "eu-central-1" } }, resource };
      const terraform = new Terraform(folder({ "main.tf.json": JSON.stringify(configuration) }), aws);
      terraform.init();
      terraform.attempt("apply", "-auto-approve");
      const state = JSON.parse(terraform.state()) as {
        resources: readonly { type: string; name: string; instances: readonly { attributes: { encrypted_secret: string } }[] }[];
      };
      const encrypted = state.resources
        .filter(
          ({ type, instances }) => type === "aws_iam_access_key" && (instances[0]?.attributes.encrypted_secret ?? "") !== "",
        )
        .map(({ name }) => name);
      const valid = Object.keys(keys).filter((owner) => judge(keys[owner] ?? "").startsWith("valid"));
      expect(encrypted.toSorted()).toEqual(valid.toSorted());
    } finally {
      ring.gpg.stop();
      await aws.stop();
      removeFolders();
    }
  });
});
