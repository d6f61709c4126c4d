import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { loadDeployments } from "../../src/settings/load";
import { inFolder } from "../helpers/folder";
import { PROJECT } from "../helpers/project-root";
import { MINIMAL } from "../helpers/settings-files";
import { Gpg } from "./support/gpg";
import { BUCKET, KeyOperator } from "./support/key-operator";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import { PATH_STYLE } from "./support/terraform";

function occurrences(path: string, text: string) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(".terraform/"))
    .filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text)).length;
}

class RecordingOperator extends KeyOperator {
  plan = "";

  protected override applyChange() {
    const file = join(this.deployments.path, "plan");
    this.deployments.synth();
    this.terraform.run("plan", `-out=${file}`);
    this.plan = this.terraform.run("show", "-json", file);
    return super.applyChange();
  }

  /** Makes the edit that begins a rotation, a day later, and applies it. */
  async begin() {
    await this.passDay();
    await this.follow((await this.report()).replace(/^ {2}then npx dkp-access hand-over .*$/m, ""));
  }

  secretOf(name: string, by: Gpg) {
    const key = this.terraform.keysInState().find((one) => one.name === name);
    return by.decrypt(key?.instances[0].attributes.encrypted_secret ?? "");
  }

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

describe("the documented commands for an OpenPGP key", () => {
  it.each([
    ["docs/how-to/keys.md", ""],
    ["templates/deployment.yaml", "# "],
  ])("create a key that the settings accept: %s", (path, comment) => {
    const lines = readFileSync(join(PROJECT, path), "utf8").split("\n");
    const commands = lines
      .map((line) => line.replace(comment, "").trim())
      .filter((line) => line.startsWith("gpg "));
    expect(commands.length).toBeGreaterThanOrEqual(2);
    const root = folder({
      "deployments/team.asc": Gpg.documented(commands.slice(0, 2).join("\n")),
      "deployments/dev.yaml": `${MINIMAL}accessKeys: { primary: { pgpKey: team.asc } }\n`,
    });
    expect(inFolder(root, () => loadDeployments("deployments"))).toHaveLength(1);
  });
});

describe("a rotation that follows what dkp-access keys prints", () => {
  const BASE = {
    region: "eu-central-1",
    backend: { s3: { bucket: BUCKET, region: "eu-central-1" } },
  };
  const PRIMARY = "user";
  const SECONDARY = "user-secondary";
  const NOWHERE = { state: false, plan: false, outputs: false, files: 0, printed: false };
  let aws: LocalAws;
  let scenario: RecordingOperator;
  let first: Gpg;
  let second: Gpg;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    [first, second] = [Gpg.create("future-default"), Gpg.create("rsa2048")];
    const deployments = Deployments.of(stringify(BASE));
    const terraform = deployments.terraform(aws);
    terraform.init(PATH_STYLE);
    const homes = { GNUPGHOME: first.home };
    scenario = new RecordingOperator(aws, deployments, terraform, BASE, homes);
  });

  it("leads from a plaintext key to an encrypted one, whose secret is nowhere in plaintext at any step", async () => {
    scenario.terraform.apply();
    await scenario.handOver();
    const old = scenario.dkp as Credentials;
    // The printed settings have no pgpKey yet: the first one is the person's decision.
    scenario.write({ accessKeys: { secondary: { pgpKey: first.publicKey() } } });
    await scenario.begin();
    const secret = scenario.secretOf(SECONDARY, first);
    expect(secret).toHaveLength(40);
    expect(scenario.found(secret)).toEqual(NOWHERE);
    await scenario.handOver();
    const fresh = scenario.dkp as Credentials;
    expect(fresh.secretAccessKey).toBe(secret);
    expect(scenario.found(secret)).toEqual(NOWHERE);
    expect([await aws.accepts(old), await aws.accepts(fresh)]).toEqual([true, true]);
    // Both were used just now, as on the day of a hand-over.
    await scenario.passDay();
    await scenario.settle();
    expect(scenario.found(secret)).toEqual(NOWHERE);
    expect(scenario.found(old.secretAccessKey)).toMatchObject({
      state: false,
      outputs: false,
      printed: false,
    });
    expect([await aws.accepts(old), await aws.accepts(fresh)]).toEqual([false, true]);
    // Its last plan still contains the state from before the deletion. The next one does not.
    expect(scenario.terraform.plannedActions()).toEqual({});
    expect(await scenario.report()).not.toMatch(/^(?:attention|unverifiable|breaking)/m);
  });

  it("leads from one OpenPGP key to another, and no secret is in plaintext at any step", async () => {
    const old = scenario.dkp as Credentials;
    const accessKeys = scenario.settings.accessKeys as Record<string, unknown>;
    scenario.write({
      accessKeys: { ...accessKeys, primary: { status: "absent", pgpKey: second.publicKey() } },
    });
    scenario.env.GNUPGHOME = second.home;
    await scenario.begin();
    const secret = scenario.secretOf(PRIMARY, second);
    expect([scenario.found(secret), scenario.found(old.secretAccessKey)]).toEqual([
      NOWHERE,
      NOWHERE,
    ]);
    await scenario.settle();
    expect([scenario.found(secret), scenario.found(old.secretAccessKey)]).toEqual([
      NOWHERE,
      NOWHERE,
    ]);
    const fresh = scenario.dkp as Credentials;
    expect(fresh.secretAccessKey).toBe(secret);
    expect([await aws.accepts(old), await aws.accepts(fresh)]).toEqual([false, true]);
  });
});
