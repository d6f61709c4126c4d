import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
const OLD = `${SETTINGS}user: { name: old }\npolicy: { name: Old }\n`;

describe("dkp-access synth", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "synth-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (stack: string, text = SETTINGS) => writeFileSync(join(folder, `deployments/${stack}.yaml`), text);
  // No PATH: neither Terraform nor any other program can run.
  const synth = (environment: Record<string, string> = {}, ...args: string[]) => runCli(folder, ["synth", ...args], environment);
  const json = (stack: string) => readFileSync(join(folder, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8");
  const stacks = () => readdirSync(join(folder, "cdktf.out/stacks")).sort();

  it("writes one stack per deployment, names it, and reports once that the secret is in the state", async () => {
    write("deckhouse");
    expect(await synth()).toEqual({
      status: 0,
      stdout: "cdktf.out/stacks/deckhouse/cdk.tf.json\n",
      stderr:
        "info: deckhouse: the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that\ninfo: deckhouse: accountId is not set: Terraform applies to whatever account the credentials belong to\n",
    });
    expect(stacks()).toEqual(["deckhouse"]);
  });

  it("writes the same bytes twice, in another folder, and with a comment or another order in the settings", async () => {
    write("deckhouse");
    await synth();
    const first = json("deckhouse");
    expect(first).not.toContain(folder);
    await synth();
    expect(json("deckhouse")).toBe(first);
    const elsewhere = mkdtempSync(join(tmpdir(), "synth-elsewhere-"));
    mkdirSync(join(elsewhere, "deployments"));
    rmSync(folder, { recursive: true });
    folder = elsewhere;
    write("deckhouse", "# comment\nbackend: { s3: { region: eu-central-1, bucket: state } }\nregion: eu-central-1\n");
    writeFileSync(join(folder, "cdktf.json"), "{}");
    await synth();
    expect(json("deckhouse")).toBe(first);
  });

  it("warns about a region that AWS does not have", async () => {
    write("deckhouse", SETTINGS.replace("region: eu-central-1\n", "region: eu-cental-1\n"));
    const { status, stderr } = await synth();
    expect({ status, first: stderr.split("\n").filter((line) => line.startsWith("warn")) }).toEqual({
      status: 0,
      first: ['warn: deckhouse: region: "eu-cental-1" is not a region that AWS is known to have, did you mean "eu-central-1"?'],
    });
  });

  it("writes nothing when one of several deployments holds a CDKTF token", async () => {
    write("a");
    write("b", `${SETTINGS}user: { name: b }\npolicy: { name: b, description: "#{TfToken[TOKEN.0]}" }\n`);
    expect(await synth()).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^deployments\/b\.yaml has 1 error:\n {2}line \d+, policy\.description: holds "TfToken\[", which Terraform would run as code; write the value itself\n$/,
      ),
    });
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });

  it("changes nothing in cdktf.out when a setting is wrong, and shows no stack trace", async () => {
    write("deckhouse");
    await synth();
    const before = json("deckhouse");
    write("deckhouse", SETTINGS.replace("region: eu-central-1\n", "region: eu-west-1\nprotct: false\n"));
    write("another");
    const { status, stdout, stderr } = await synth();
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain('line 2, protct: unknown setting, did you mean "protect"?');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(json("deckhouse")).toBe(before);
    expect(stacks()).toEqual(["deckhouse"]);
  });

  it("writes nothing when there is no deployment", async () => {
    const { status, stderr } = await synth();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr:
        "deployments has 1 error:\n  has no deployments; write each one as <stack>.yaml in this folder itself, the README shows a first file\n",
    });
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });

  it("reads the settings folder that CDKTF's context names", async () => {
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere/dev.yaml"), SETTINGS);
    expect((await synth({ CDKTF_CONTEXT_JSON: '{"deployments":"elsewhere"}' })).status).toBe(0);
    expect(stacks()).toEqual(["dev"]);
  });

  it.each(["nonsense", "[1", '{"deployments":5}'])("rejects a context of %s", async (context) => {
    const { status, stderr } = await synth({ CDKTF_CONTEXT_JSON: context });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^CDKTF_CONTEXT_JSON: .*write for example \{"deployments":"elsewhere"\}\n$/);
  });

  it("writes to the folder that CDKTF_OUTDIR names", async () => {
    write("deckhouse");
    expect((await synth({ CDKTF_OUTDIR: "out" })).stdout).toBe("out/stacks/deckhouse/cdk.tf.json\n");
  });

  it("names the folder of a removed deployment, and keeps it", async () => {
    write("deckhouse");
    write("old", OLD);
    expect((await synth()).status).toBe(0);
    rmSync(join(folder, "deployments/old.yaml"));
    expect((await synth()).stderr).toContain(
      "note: cdktf.out/stacks/old: no deployment has this name; if it was applied, restore its settings and destroy it, then delete the folder\n",
    );
    expect(stacks()).toEqual(["deckhouse", "old"]);
  });

  it("rejects Terraform files in a stack's folder that it did not write, and writes nothing", async () => {
    write("deckhouse");
    await synth();
    const before = json("deckhouse");
    write("deckhouse", `${SETTINGS}protect: false\n`);
    writeFileSync(join(folder, "cdktf.out/stacks/deckhouse/override.tf.json"), "{}");
    expect(await synth()).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "cdktf.out/stacks/deckhouse/override.tf.json: synth did not write this file, and Terraform would apply it; delete it, or move it out of the folder\n",
    });
    expect(json("deckhouse")).toBe(before);
  });

  it("rejects an output folder that is a file in one line", async () => {
    write("deckhouse");
    expect(await synth({ CDKTF_OUTDIR: "deployments/deckhouse.yaml" })).toEqual({
      status: 1,
      stdout: "",
      stderr: "deployments/deckhouse.yaml/stacks: not a directory (ENOTDIR)\n",
    });
  });

  it("leaves one of JSON and HCL in a stack's folder, since Terraform would read both", async () => {
    write("deckhouse");
    // CDKTF's App reads the variable itself.
    const synthHcl = async () => {
      process.env.SYNTH_HCL_OUTPUT = "true";
      await synth();
      delete process.env.SYNTH_HCL_OUTPUT;
    };
    await synthHcl();
    expect(readdirSync(join(folder, "cdktf.out/stacks/deckhouse")).sort()).toEqual(["cdk.tf", "metadata.json", "versions.tf"]);
    await synth();
    expect(readdirSync(join(folder, "cdktf.out/stacks/deckhouse")).sort()).toEqual(["cdk.tf.json", "versions.tf"]);
    await synthHcl();
    expect(readdirSync(join(folder, "cdktf.out/stacks/deckhouse")).sort()).toEqual(["cdk.tf", "metadata.json", "versions.tf"]);
  });

  it("puts the committed provider lock beside the stack", async () => {
    write("deckhouse");
    mkdirSync(join(folder, "locks"));
    writeFileSync(join(folder, "locks/deckhouse.terraform.lock.hcl"), "reviewed");
    await synth();
    expect(readFileSync(join(folder, "cdktf.out/stacks/deckhouse/.terraform.lock.hcl"), "utf8")).toBe("reviewed");
  });
});
