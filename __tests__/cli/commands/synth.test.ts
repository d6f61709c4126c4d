import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";

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
      first: ['warn: deckhouse: region: "eu-cental-1" is not a Region that AWS is known to have, did you mean "eu-central-1"?'],
    });
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

  it("writes to the folder that CDKTF_OUTDIR names", async () => {
    write("deckhouse");
    expect((await synth({ CDKTF_OUTDIR: "out" })).stdout).toBe("out/stacks/deckhouse/cdk.tf.json\n");
  });

  it("rejects an output folder that is a file in one line", async () => {
    write("deckhouse");
    expect(await synth({ CDKTF_OUTDIR: "deployments/deckhouse.yaml" })).toEqual({
      status: 1,
      stdout: "",
      stderr: "deployments/deckhouse.yaml/stacks: not a directory (ENOTDIR)\n",
    });
  });
});
