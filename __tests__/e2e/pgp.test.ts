import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Gpg } from "./support/gpg";
import { LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
import type { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

/** How many files of a folder contain a string, as bytes. */
function occurrences(path: string, text: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(".terraform/"))
    .filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text)).length;
}

describe("secrets encrypted with a throw-away OpenPGP key", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  const homes: Gpg[] = [];
  const printed: string[] = [];
  const gpg = (algorithm: string) => {
    const home = Gpg.create(algorithm);
    homes.push(home);
    return home;
  };

  const apply = (accessKeys: string) => {
    deployments.change({ deckhouse: `${SETTINGS}accessKeys: ${accessKeys}\n` });
    printed.push(terraform.run("plan", "-out=plan"), terraform.run("apply", "plan"));
  };
  const decrypted = (by: Gpg) => {
    const { access_key_id = "", encrypted_secret_access_key = "" } = terraform.outputs();
    return { accessKeyId: access_key_id, secretAccessKey: by.decrypt(encrypted_secret_access_key) };
  };

  /** Where a secret is in plaintext: state, plan as Terraform shows it, files, and printed output. */
  const clear = (secret: string) => ({
    state: terraform.state().includes(secret),
    plan: terraform.run("show", "-json", "plan").includes(secret),
    files: occurrences(deployments.path, secret),
    printed: printed.join("").includes(secret),
  });
  const NOWHERE = { state: false, plan: false, files: 0, printed: false };

  beforeEach(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
  });

  afterEach(async () => {
    for (const each of homes.splice(0)) {
      each.stop();
    }
    await aws.stop();
    removeFolders();
  });

  it.each(["future-default", "rsa2048"])("are nowhere in plaintext, and work when decrypted: %s", async (algorithm) => {
    const owner = gpg(algorithm);
    apply(`{ primary: { pgpKey: ${owner.publicKey()} } }`);
    const key = decrypted(owner);
    expect(key.secretAccessKey).toHaveLength(40);
    expect(await aws.accepts(key)).toBe(true);
    apply(`{ primary: { pgpKey: ${owner.publicKey()} } }`);
    expect(clear(key.secretAccessKey)).toEqual(NOWHERE);
    expect(terraform.outputNames()).toContain("key_fingerprint");
    expect(terraform.outputNames()).not.toContain("secret_access_key");
  });

  it("are in plaintext without pgpKey, in the state and in the next plan, and never in the printed output", () => {
    apply("{}");
    const { secretAccessKey } = terraform.key();
    apply("{}");
    const found = clear(secretAccessKey);
    expect(found).toMatchObject({ state: true, plan: true, printed: false });
    expect(found.files).toBeGreaterThan(0);
  });

  it("change by rotation, from plaintext to encrypted and from one OpenPGP key to another, without an outage", async () => {
    const [first, second] = [gpg("future-default"), gpg("rsa2048")];
    apply("{}");
    const plaintextKey = terraform.key();
    const encrypted = `secondary: { status: Active, pgpKey: ${first.publicKey()} }`;
    apply(`{ ${encrypted} }`);
    expect(await aws.accepts(plaintextKey)).toBe(true);
    apply(`{ ${encrypted}, current: secondary, allowPlaintext: true }`);
    const firstKey = decrypted(first);
    expect([await aws.accepts(plaintextKey), await aws.accepts(firstKey)]).toEqual([true, true]);
    apply(`{ primary: { status: absent }, ${encrypted}, current: secondary }`);
    expect([await aws.accepts(plaintextKey), await aws.accepts(firstKey)]).toEqual([false, true]);
    expect(terraform.state()).not.toContain(plaintextKey.secretAccessKey);
    const reencrypted = `primary: { pgpKey: ${second.publicKey()} }`;
    apply(`{ ${reencrypted}, ${encrypted}, current: primary }`);
    const secondKey = decrypted(second);
    expect([await aws.accepts(firstKey), await aws.accepts(secondKey)]).toEqual([true, true]);
    apply(`{ ${reencrypted}, secondary: { status: absent }, current: primary }`);
    expect([await aws.accepts(firstKey), await aws.accepts(secondKey)]).toEqual([false, true]);
  });

  it("are not created with accessKeys: none", async () => {
    await aws.calls();
    apply("none");
    expect(await aws.changes()).not.toContain("CreateAccessKey");
    expect(terraform.outputNames().filter((name) => /key/.test(name))).toEqual([]);
  });

  it("rejects another pgpKey for a live slot, because that would replace its key", () => {
    apply(`{ primary: { pgpKey: ${gpg("future-default").publicKey()} } }`);
    deployments.change({ deckhouse: `${SETTINGS}accessKeys: { primary: { pgpKey: ${gpg("rsa2048").publicKey()} } }\n` });
    expect(terraform.attempt("plan").output).toContain("Instance cannot be destroyed");
  });
});
