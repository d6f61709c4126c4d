import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECT = join(__dirname, "../..");
const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
const OLD = `${SETTINGS}user: { name: old }\npolicy: { name: Old }\n`;

describe("npm run synth", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "synth-"));
    mkdirSync(join(folder, "deployments"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (stack: string, text = SETTINGS) => writeFileSync(join(folder, `deployments/${stack}.yaml`), text);
  const synth = (environment: Record<string, string> = {}, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(PROJECT, "build/src/commands/synth.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
      // Without PATH, neither Terraform nor another program can be found.
      env: environment,
    });
    return { status, stdout, stderr };
  };
  const json = (stack: string) => readFileSync(join(folder, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8");
  const stacks = () => readdirSync(join(folder, "cdktf.out/stacks")).sort();

  it("writes one stack per deployment, names it, and warns once that the secret is in the state", () => {
    write("deckhouse");
    expect(synth()).toEqual({
      status: 0,
      stdout: "cdktf.out/stacks/deckhouse/cdk.tf.json\n",
      stderr:
        "info: deckhouse: the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that\ninfo: deckhouse: policy.supplement adds actions that DKP calls and its documentation omits: ec2:DescribeAddressesAttribute (reads each Elastic IP; without it no layout can be created or destroyed); ec2:DescribeNetworkAcls (reads the default network ACL of the VPC; without the permission, Terraform only warns); ec2:ReplaceRoute (updates the default route after a replacement of the NAT gateway, and changed routes)\n",
    });
    expect(stacks()).toEqual(["deckhouse"]);
  });

  it("writes the same bytes twice, in another folder, time zone and locale, and with a comment or another order in the settings", () => {
    write("deckhouse");
    synth();
    const first = json("deckhouse");
    expect(first).not.toContain(folder);
    synth();
    expect(json("deckhouse")).toBe(first);
    const elsewhere = mkdtempSync(join(tmpdir(), "synth-elsewhere-"));
    mkdirSync(join(elsewhere, "deployments"));
    rmSync(folder, { recursive: true });
    folder = elsewhere;
    write("deckhouse", "# comment\nbackend: { s3: { region: eu-central-1, bucket: state } }\nregion: eu-central-1\n");
    synth({ TZ: "Pacific/Auckland", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" });
    expect(json("deckhouse")).toBe(first);
  });

  it("warns about an unknown region", () => {
    write("deckhouse", SETTINGS.replace("region: eu-central-1\n", "region: eu-cental-1\n"));
    const { status, stderr } = synth();
    expect({ status, first: stderr.split("\n").filter((line) => line.startsWith("warn")) }).toEqual({
      status: 0,
      first: ['warn: deckhouse: region: "eu-cental-1" is not a region that AWS is known to have, did you mean "eu-central-1"?'],
    });
  });

  it("writes nothing when one of several deployments contains a CDKTF token", () => {
    write("a");
    write("b", `${SETTINGS}user: { name: b }\npolicy: { name: b, description: "#{TfToken[TOKEN.0]}" }\n`);
    expect(synth()).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^deployments\/b\.yaml has 1 problem:\n {2}line \d+, policy\.description: holds a CDKTF token, which becomes a Terraform expression; write the value itself\n$/,
      ),
    });
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });

  it("rejects an output folder without a name", () => {
    write("deckhouse");
    expect(synth({ CDKTF_OUTDIR: "" })).toEqual({
      status: 1,
      stdout: "",
      stderr: "CDKTF_OUTDIR: is empty; write the name of a folder, or unset the variable\n",
    });
  });

  it("changes nothing in cdktf.out when a setting is invalid, and shows no stack trace", () => {
    write("deckhouse");
    synth();
    const before = json("deckhouse");
    write("deckhouse", SETTINGS.replace("region: eu-central-1\n", "region: eu-west-1\nprotct: false\n"));
    write("another");
    const { status, stdout, stderr } = synth();
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain('line 2, protct: unknown setting, did you mean "protect"?');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(json("deckhouse")).toBe(before);
    expect(stacks()).toEqual(["deckhouse"]);
  });

  it("writes nothing when there is no deployment", () => {
    const { status, stderr } = synth();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "deployments has 1 problem:\n  has no deployments; write one as <stack>.yaml, the README shows a first file\n",
    });
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });

  it("reads the settings folder that CDKTF's context names", () => {
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere/dev.yaml"), SETTINGS);
    expect(synth({ CDKTF_CONTEXT_JSON: '{"deployments":"elsewhere"}' }).status).toBe(0);
    expect(stacks()).toEqual(["dev"]);
  });

  it.each(["nonsense", "[1", '{"deployments":5}'])("rejects the context %s", (context) => {
    const { status, stderr } = synth({ CDKTF_CONTEXT_JSON: context });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^CDKTF_CONTEXT_JSON: .*write for example \{"deployments":"elsewhere"\}\n$/);
  });

  it("writes to the output folder that the environment names", () => {
    write("deckhouse");
    expect(synth({ CDKTF_OUTDIR: "out" }).stdout).toBe("out/stacks/deckhouse/cdk.tf.json\n");
  });

  it("removes the folder of a removed deployment, and reports it", () => {
    write("deckhouse");
    write("old", OLD);
    expect(synth().status).toBe(0);
    rmSync(join(folder, "deployments/old.yaml"));
    // The backend configuration that `terraform init` stores is not a state.
    mkdirSync(join(folder, "cdktf.out/stacks/old/.terraform"));
    writeFileSync(join(folder, "cdktf.out/stacks/old/.terraform/terraform.tfstate"), "{}");
    expect(synth().stderr).toContain(
      "removed cdktf.out/stacks/old: no settings file of that name. If it was applied, its user and key still exist: restore the file and destroy first\n",
    );
    expect(stacks()).toEqual(["deckhouse"]);
  });

  it("keeps the folder of a removed deployment that contains a state of any kind, and names the state", () => {
    const states = {
      old1: "terraform.tfstate",
      old2: "errored.tfstate",
      old3: "terraform.tfstate.backup",
      old4: "terraform.tfstate.d/dev/terraform.tfstate",
    };
    write("deckhouse");
    for (const stack of Object.keys(states)) {
      write(stack, OLD.replaceAll(/old/gi, stack));
    }
    expect(synth().status).toBe(0);
    for (const [stack, state] of Object.entries(states)) {
      rmSync(join(folder, `deployments/${stack}.yaml`));
      mkdirSync(join(folder, "cdktf.out/stacks", stack, state, ".."), { recursive: true });
      writeFileSync(join(folder, "cdktf.out/stacks", stack, state), "{}");
    }
    const { stderr } = synth();
    for (const [stack, state] of Object.entries(states)) {
      expect(stderr).toContain(
        `kept cdktf.out/stacks/${stack}: no settings file of that name, but it holds a Terraform state (${state}); move that away first\n`,
      );
    }
    expect(stacks()).toEqual(["deckhouse", ...Object.keys(states)]);
  });

  it("keeps files that CDKTF did not create", () => {
    write("deckhouse");
    mkdirSync(join(folder, "cdktf.out/stacks/mine"), { recursive: true });
    writeFileSync(join(folder, "cdktf.out/stacks/mine/notes.txt"), "");
    expect(synth().status).toBe(0);
    expect(stacks()).toEqual(["deckhouse", "mine"]);
  });

  it("rejects Terraform files in a stack's folder that it did not write, and writes nothing", () => {
    write("deckhouse");
    synth();
    const before = json("deckhouse");
    write("deckhouse", `${SETTINGS}protect: false\n`);
    writeFileSync(join(folder, "cdktf.out/stacks/deckhouse/override.tf.json"), "{}");
    expect(synth()).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "cdktf.out/stacks/deckhouse/override.tf.json: synth did not write this file, and Terraform would apply what it says; delete it, or move it out of the folder\n",
    });
    expect(json("deckhouse")).toBe(before);
  });

  it("keeps the folder of a removed deployment when it contains a file that synth did not write, and reports it in every run", () => {
    write("deckhouse");
    write("old", OLD);
    synth();
    rmSync(join(folder, "deployments/old.yaml"));
    writeFileSync(join(folder, "cdktf.out/stacks/old/key.pem"), "mine");
    const kept =
      "kept cdktf.out/stacks/old: no settings file of that name, but it holds a file that synth did not write (key.pem); move that away first\n";
    expect(synth().stderr).toContain(kept);
    expect(synth().stderr).toContain(kept);
    expect(readFileSync(join(folder, "cdktf.out/stacks/old/key.pem"), "utf8")).toBe("mine");
  });

  it.each([
    [{ CDKTF_OUTDIR: "" }, "CDKTF_OUTDIR: is empty; write the name of a folder, or unset the variable\n"],
    [
      { CDKTF_OUTDIR: "deployments/deckhouse.yaml" },
      "deployments/deckhouse.yaml/stacks: a part of this path is not a folder (ENOTDIR); remove it, or name another path\n",
    ],
  ])("rejects the output folder of %j in one line", (environment: Record<string, string>, message) => {
    write("deckhouse");
    expect(synth(environment)).toEqual({ status: 1, stdout: "", stderr: message });
  });

  it("keeps either JSON or HCL in a stack's folder, because Terraform would read both", () => {
    write("deckhouse");
    synth({ SYNTH_HCL_OUTPUT: "true" });
    expect(readdirSync(join(folder, "cdktf.out/stacks/deckhouse")).sort()).toEqual(["cdk.tf", "metadata.json", "versions.tf"]);
    synth();
    expect(readdirSync(join(folder, "cdktf.out/stacks/deckhouse")).sort()).toEqual(["cdk.tf.json", "versions.tf"]);
    synth({ SYNTH_HCL_OUTPUT: "true" });
    expect(readdirSync(join(folder, "cdktf.out/stacks/deckhouse")).sort()).toEqual(["cdk.tf", "metadata.json", "versions.tf"]);
  });

  it("prints help, and rejects unknown options", () => {
    expect(synth({}, "--help")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: npm run synth\n/) });
    expect(synth({}, "--stck")).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Unknown option '--stck'/) });
  });

  it("copies the committed provider lock file to the stack's folder", () => {
    write("deckhouse");
    mkdirSync(join(folder, "locks"));
    writeFileSync(join(folder, "locks/deckhouse.terraform.lock.hcl"), "reviewed");
    synth();
    expect(readFileSync(join(folder, "cdktf.out/stacks/deckhouse/.terraform.lock.hcl"), "utf8")).toBe("reviewed");
  });
});
