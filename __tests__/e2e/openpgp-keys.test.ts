import { readPgpKey } from "../../src/iam/openpgp-key";
import { rows } from "../helpers/complete";
import { ED448_KEY } from "../helpers/pgp-keys";
import { craftedFrom } from "./support/crafted-keys";
import { Gpg } from "./support/gpg";
import { LocalAws } from "./support/local-aws";
import { folder } from "./support/project";
import { Terraform } from "./support/terraform";

const DAY_MS = 86_400_000;

/**
 * Keys that GnuPG creates:
 * - the owner
 * - the primary key as "ALGORITHM [DAY [EXPIRES [USAGE]]]", where DAY is the day of its creation,
 *   in days from now
 * - subkeys to encrypt with, likewise, and "revoke NUMBER", "extend", "subkey ALGORITHM USAGE",
 *   "user ADDRESS", "revoke-user ADDRESS" and "certify OWNER"
 * - the verdict of the AWS provider and this program
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
signing-subkey | ed25519 | cv25519; subkey ed25519 sign; subkey ed25519 auth | valid
two-user-ids | ed25519 | cv25519; user two@example.com | valid
user-id-revoked | ed25519 | cv25519; user three@example.com; revoke-user three@example.com | valid
certified-by-another | rsa2048 | rsa2048; certify cv25519 | valid
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

class KeyRing {
  private readonly gpg = new Gpg();

  private at(day: string, ...args: string[]) {
    const time = new Date(Date.now() + Number(day) * DAY_MS)
      .toISOString()
      .replace(/[-:]|\..*/g, "");
    this.gpg.run([`--faked-system-time=${time}`, ...args]);
  }

  create(owner: string, primary: string, steps: string) {
    const [algorithm = "", day = "-10", expires = "never", usage = "sign,cert"] =
      primary.split(" ");
    this.at(day, "--quick-generate-key", `${owner}@example.com`, algorithm, usage, expires);
    const listed = this.gpg
      .run(["--with-colons", "--list-keys", `=${owner}@example.com`])
      .toString();
    const fingerprint = /^fpr:+([0-9A-F]+)/m.exec(listed)?.[1] ?? "";
    for (const step of steps.split("; ").filter((text) => text !== "")) {
      this.change(fingerprint, step.split(" "));
    }
  }

  private change(
    fingerprint: string,
    [kind = "", value = "-10", expires = "never"]: readonly string[],
  ) {
    const commands: Readonly<Record<string, () => void>> = {
      extend: () => {
        this.at("-9", "--quick-set-expire", fingerprint, "30d");
        this.at("-9", "--quick-set-expire", fingerprint, "30d", "*");
      },
      revoke: () => {
        const answers = [`key ${value}`, "revkey", "y", "0", "", "y", "save", ""];
        this.gpg.run(
          ["--no-tty", "--command-fd=0", "--edit-key", fingerprint],
          Buffer.from(answers.join("\n")),
        );
      },
      subkey: () => this.at("-9", "--quick-add-key", fingerprint, value, expires),
      user: () => this.at("-9", "--quick-add-uid", fingerprint, value),
      "revoke-user": () => this.at("-8", "--quick-revoke-uid", fingerprint, value),
      certify: () =>
        this.at("-9", "--local-user", `=${value}@example.com`, "--quick-sign-key", fingerprint),
    };
    const add = () => this.at(value, "--quick-add-key", fingerprint, kind, "encr", expires);
    (commands[kind] ?? add)();
  }

  export(owner: string, ...options: string[]) {
    return this.exported(owner, "--export", options).toString("base64");
  }

  exported(
    owner: string,
    command: "--export" | "--export-secret-keys",
    options: readonly string[] = [],
  ) {
    return this.gpg.run([...options, command, `=${owner}@example.com`]);
  }
}

async function recordedBy(aws: LocalAws, keys: Readonly<Record<string, string>>) {
  const names = Object.keys(keys);
  const resource = {
    aws_iam_user: Object.fromEntries(names.map((name) => [name, { name }])),
    aws_iam_access_key: Object.fromEntries(
      names.map((name) => [name, { user: `\${aws_iam_user.${name}.name}`, pgp_key: keys[name] }]),
    ),
  };
  const configuration = { provider: { aws: { region: "eu-central-1" } }, resource };
  const terraform = new Terraform(folder({ "main.tf.json": JSON.stringify(configuration) }), aws);
  terraform.init();
  terraform.attempt("apply", "-auto-approve");
  const encrypted = terraform
    .keysInState()
    .filter(({ instances: [key] }) => (key.attributes.encrypted_secret ?? "") !== "");
  return Object.fromEntries(
    encrypted.map(({ name, instances: [key] }) => [name, key.attributes.key_fingerprint ?? ""]),
  );
}

function judge(text: string) {
  const reading = readPgpKey(text);
  if ("error" in reading) {
    return reading.error;
  }
  const { invalid, expires } = reading.key;
  const days =
    expires === undefined
      ? ""
      : `, expires in ${Math.round((expires.getTime() - Date.now()) / DAY_MS)} days`;
  return invalid ?? `valid${days}`;
}

function fingerprintOf(text: string) {
  const reading = readPgpKey(text);
  return "key" in reading ? reading.key.fingerprint : undefined;
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
  const recorded = await recordedBy(await LocalAws.start(), keys);
  const valid = Object.keys(keys).filter((owner) => judge(keys[owner] ?? "").startsWith("valid"));
  expect(recorded).toEqual(
    Object.fromEntries(valid.map((owner) => [owner, fingerprintOf(keys[owner] ?? "")])),
  );
});

it("a crafted value that is accepted as an OpenPGP key is the same key for the AWS provider", async () => {
  const ring = new KeyRing();
  const keys = ["rsa2048 rsa2048", "dsa2048 elg2048", "ed25519 cv25519", "nistp256 nistp256"].map(
    (algorithms) => {
      const [name = "", subkey = ""] = algorithms.split(" ");
      ring.create(name, name, subkey);
      return {
        name,
        exported: ring.exported(name, "--export"),
        secret: ring.exported(name, "--export-secret-keys"),
      };
    },
  );
  const unreadable = { name: "ed448", exported: Buffer.from(ED448_KEY, "base64") };
  const crafted = await Promise.all(
    rows(keys, 4).map((key) =>
      craftedFrom(key, [...keys.filter((other) => other !== key), unreadable]),
    ),
  );
  const texts = crafted.flat().map(([, bytes]) => bytes.toString("base64"));
  const accepted = Object.fromEntries(
    texts
      .filter((text) => judge(text).startsWith("valid"))
      .map((text, index) => [`key-${index}`, text]),
  );
  expect(Object.keys(accepted).length).toBeGreaterThan(20);
  const read = Object.fromEntries(
    Object.entries(accepted).map(([name, text]) => [name, fingerprintOf(text)]),
  );
  expect(await recordedBy(await LocalAws.start(), accepted)).toEqual(read);
});
