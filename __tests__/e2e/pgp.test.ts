import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { Gpg } from "./support/gpg";
import { Scenario } from "./support/key-scenario";
import { type Credentials, LocalAws } from "./support/local-aws";
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

/** Keeps what Terraform plans, and what it prints. */
class RecordedScenario extends Scenario {
  readonly printed: string[] = [];
  /** The last plan as Terraform shows it. */
  plan = "";

  protected override applyChange(): void {
    this.printed.push(this.terraform.run("plan", "-out=plan"), this.terraform.run("apply", "plan"));
    this.plan = this.terraform.run("show", "-json", "plan");
  }

  /** Follows what `keys` prints. The clock of the last steps is ahead, because the old key must not have been used for a day. */
  next(publicKey?: string): void {
    const report = this.keys(true);
    this.printed.push(JSON.stringify(report));
    this.follow(report, publicKey);
  }

  /** The current key, decrypted. */
  current(by: Gpg): Credentials {
    const { access_key_id: accessKeyId = "", encrypted_secret_access_key: secret = "" } = this.terraform.outputs();
    return { accessKeyId, secretAccessKey: by.decrypt(secret) };
  }

  /** The secret of a slot's key in the state, decrypted. */
  secretIn(address: string, by: Gpg): string {
    const { resources } = JSON.parse(this.terraform.state()) as {
      readonly resources: readonly {
        type: string;
        name: string;
        instances: readonly { attributes: { encrypted_secret: string } }[];
      }[];
    };
    const key = resources.find(({ type, name }) => `${type}.${name}` === address);
    return by.decrypt(key?.instances[0]?.attributes.encrypted_secret ?? "");
  }

  /** Where a secret is in plaintext. */
  found(secret: string) {
    const outputs = JSON.stringify(this.terraform.outputs());
    return {
      state: this.terraform.state().includes(secret),
      plan: this.plan.includes(secret),
      outputs: outputs.includes(secret),
      files: occurrences(this.deployments.path, secret),
      printed: this.printed.join("").includes(secret),
    };
  }
}

describe("a rotation that follows what dkp-access keys prints", () => {
  const BUCKET = "pgp-state";
  const BASE = { region: "eu-central-1", backend: { s3: { bucket: BUCKET, region: "eu-central-1" } } };
  const PRIMARY = "aws_iam_access_key.user";
  const SECONDARY = "aws_iam_access_key.user-secondary";
  const NOWHERE = { state: false, plan: false, outputs: false, files: 0, printed: false };
  let aws: LocalAws;
  let scenario: RecordedScenario;
  let first: Gpg;
  let second: Gpg;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    [first, second] = [Gpg.create("future-default"), Gpg.create("rsa2048")];
    const deployments = Deployments.of({ deckhouse: stringify(BASE) });
    const terraform = deployments.terraform("deckhouse", aws);
    terraform.init("-backend-config=use_path_style=true");
    scenario = new RecordedScenario(aws, deployments, terraform, BASE);
  });

  afterAll(async () => {
    first.stop();
    second.stop();
    await aws.stop();
    removeFolders();
  });

  it("leads from a plaintext key to an encrypted one, whose secret is nowhere in plaintext at any step", async () => {
    const old = scenario.apply();
    // The note of the first step: to encrypt the secret, set a pgpKey in the same change.
    const start = scenario.keys();
    expect(start.next.why).toContain("to encrypt its secret, set accessKeys.secondary.pgpKey in the same change");
    scenario.set(["accessKeys", "secondary", "pgpKey"], first.publicKey());
    scenario.next();
    const secret = scenario.secretIn(SECONDARY, first);
    expect(secret).toHaveLength(40);
    expect(scenario.found(secret)).toEqual(NOWHERE);
    scenario.next();
    const fresh = scenario.current(first);
    expect(fresh.secretAccessKey).toBe(secret);
    expect(scenario.found(secret)).toEqual(NOWHERE);
    expect(await scenario.works(old, fresh)).toEqual([true, true]);
    scenario.next();
    expect(scenario.found(secret)).toEqual(NOWHERE);
    expect(await scenario.works(old, fresh)).toEqual([false, true]);
    scenario.next();
    expect(scenario.found(secret)).toEqual(NOWHERE);
    expect(scenario.found(old.secretAccessKey)).toMatchObject({ state: false, outputs: false, printed: false });
    expect(await scenario.works(old, fresh)).toEqual([false, true]);
    // Its last plan still contains the state from before the deletion. The next one does not.
    expect(scenario.terraform.plannedActions()).toEqual({});
    expect(scenario.keys(true)).toMatchObject({ errors: [], warnings: [] });
  });

  it("leads from one OpenPGP key to another, and no secret is in plaintext at any step", async () => {
    const old = scenario.current(first);
    scenario.next(second.publicKey());
    const secret = scenario.secretIn(PRIMARY, second);
    for (const step of ["expose", "deactivate", "delete"]) {
      expect([step, scenario.found(secret), scenario.found(old.secretAccessKey)]).toEqual([step, NOWHERE, NOWHERE]);
      scenario.next();
    }
    expect([scenario.found(secret), scenario.found(old.secretAccessKey)]).toEqual([NOWHERE, NOWHERE]);
    const fresh = scenario.current(second);
    expect(fresh.secretAccessKey).toBe(secret);
    expect(await scenario.works(old, fresh)).toEqual([false, true]);
  });
});
