import { readPgpKey } from "../../src/iam/openpgp-key";
import { Gpg } from "./support/gpg";
import { LocalAws } from "./support/local-aws";
import { folder } from "./support/project";
import { Terraform } from "./support/terraform";

const DAY_MS = 86_400_000;

/**
 * Keys that GnuPG creates, and what the AWS provider and this program should say of them: the owner; the primary key as
 * "ALGORITHM [DAY [EXPIRES [USAGE]]]", where DAY is the day of its creation, in days from now; subkeys to encrypt with, likewise, and
 * "revoke NUMBER" and "extend"; the verdict.
 */
const KEYS = `
rsa1024 | rsa1024 | rsa1024 | valid
rsa2048 | rsa2048 | rsa2048 | valid
nistp256 | nistp256 | nistp256 | valid
nistp521 | nistp521 | nistp521 | valid
brainpool | brainpoolP256r1 | brainpoolP256r1 | valid
secp256k1 | secp256k1 | secp256k1 | valid
dsa-elgamal | dsa2048 | elg2048 | valid
cv25519 | ed25519 | cv25519 | valid
one-rsa-key | rsa2048 -10 never sign,cert,encr | | valid
two-subkeys-newer-expired | ed25519 | cv25519; cv25519 -9 1d | valid
two-subkeys-older-expired | ed25519 | cv25519 -10 1d; cv25519 -5 20d | valid, expires in 15 days
two-subkeys-newer-revoked | ed25519 | cv25519; cv25519 -9; revoke 2 | valid
primary-expires-before-subkey | ed25519 -10 20d | cv25519 -10 40d | valid, expires in 10 days
extended-expiry | ed25519 -10 2d | cv25519 -10 2d; extend | valid, expires in 21 days
primary-expired | ed25519 -10 2d | cv25519 | expired
subkey-expired | ed25519 | cv25519 -10 2d | expired
created-in-the-future | ed25519 5 | cv25519 5 | created in the future
subkey-created-in-the-future | ed25519 | cv25519 5 | created in the future
only-subkey-revoked | ed25519 | cv25519; revoke 1 | sign only
sign-only | ed25519 | | sign only
`;
const ROWS = KEYS.trim()
  .split("\n")
  .map((row) => row.split("|").map((cell) => cell.trim()));

/** Keys in one GnuPG home. */
class KeyRing {
  private readonly gpg = new Gpg();

  /** @param day when the command runs, in days from now */
  private at(day: string, ...args: string[]): void {
    const time = new Date(Date.now() + Number(day) * DAY_MS).toISOString().replace(/[-:]|\..*/g, "");
    this.gpg.run([`--faked-system-time=${time}`, ...args]);
  }

  create(owner: string, primary: string, steps: string): void {
    const [algorithm = "", day = "-10", expires = "never", usage = "sign,cert"] = primary.split(" ");
    this.at(day, "--quick-generate-key", `${owner}@example.com`, algorithm, usage, expires);
    const listed = this.gpg.run(["--with-colons", "--list-keys", `=${owner}@example.com`]).toString();
    const fingerprint = /^fpr:+([0-9A-F]+)/m.exec(listed)?.[1] ?? "";
    for (const step of steps.split("; ").filter((text) => text !== "")) {
      this.change(fingerprint, step.split(" "));
    }
  }

  private change(fingerprint: string, [kind = "", value, expires = "never"]: readonly string[]): void {
    if (kind === "extend") {
      this.at("-9", "--quick-set-expire", fingerprint, "30d");
      this.at("-9", "--quick-set-expire", fingerprint, "30d", "*");
    } else if (kind === "revoke") {
      const answers = [`key ${value}`, "revkey", "y", "0", "", "y", "save", ""];
      this.gpg.run(["--no-tty", "--command-fd=0", "--edit-key", fingerprint], Buffer.from(answers.join("\n")));
    } else {
      this.at(value ?? "-10", "--quick-add-key", fingerprint, kind, "encr", expires);
    }
  }

  export(owner: string, ...options: string[]): string {
    return this.gpg.run([...options, "--export", `=${owner}@example.com`]).toString("base64");
  }
}

function judge(text: string): string {
  const reading = readPgpKey(text);
  if ("error" in reading) {
    return reading.error;
  }
  const { invalid, expires } = reading.key;
  const days = expires === undefined ? "" : `, expires in ${Math.round((expires.getTime() - Date.now()) / DAY_MS)} days`;
  return invalid ?? `valid${days}`;
}

it("OpenPGP keys of every kind are judged as the AWS provider judges them when it encrypts a secret", async () => {
  const ring = new KeyRing();
  const keys: Record<string, string> = {};
  for (const [owner = "", primary = "", steps = ""] of ROWS) {
    ring.create(owner, primary, steps);
    keys[owner] = ring.export(owner);
  }
  keys["minimal-export"] = ring.export("cv25519", "--export-options=export-minimal");
  expect(Object.entries(keys).map(([owner, text]) => [owner, judge(text)])).toEqual([
    ...ROWS.map(([owner, , , verdict]) => [owner, verdict]),
    ["minimal-export", "valid"],
  ]);
  const resource = {
    aws_iam_user: Object.fromEntries(Object.keys(keys).map((name) => [name, { name }])),
    aws_iam_access_key: Object.fromEntries(
      Object.entries(keys).map(([name, pgp_key]) => [name, { user: `\${aws_iam_user.${name}.name}`, pgp_key }]),
    ),
  };
  const configuration = { provider: { aws: { region: "eu-central-1" } }, resource };
  const terraform = new Terraform(folder({ "main.tf.json": JSON.stringify(configuration) }), await LocalAws.start());
  terraform.init();
  terraform.attempt("apply", "-auto-approve");
  const encrypted = terraform.keysInState().filter(({ instances: [key] }) => (key.attributes.encrypted_secret ?? "") !== "");
  const valid = Object.keys(keys).filter((owner) => judge(keys[owner] ?? "").startsWith("valid"));
  expect(encrypted.map(({ name }) => name).sort()).toEqual(valid.sort());
});
