import { renameSync, symlinkSync } from "node:fs";
import { projectForEach, SETTINGS } from "../../../../__tests__/helpers/folder";
import { runCli } from "../../../../__tests__/helpers/run-cli";

describe("dkp-access synth", () => {
  const { at, names, read, write } = projectForEach();
  const synth = (environment: Record<string, string> = {}) => runCli(at(), ["synth"], environment);
  const json = () => read("cdktf.out/stacks/dev/cdk.tf.json");
  const stacks = () => names("cdktf.out/stacks");

  it("writes one stack per deployment, names it, and reports once that the secret is in the state", async () => {
    expect(await synth()).toEqual({
      status: 0,
      stdout: "cdktf.out/stacks/dev/cdk.tf.json\n",
      stderr:
        "info: dev: the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or let rotate create the keys. Every workspace that reads one output of this state receives the secret too; outputs.secret: false prevents that\ninfo: dev: accountId is not set: Terraform applies to whatever account the credentials belong to\n",
    });
    expect(stacks()).toEqual(["dev"]);
  });

  it("writes the same bytes twice, in another folder, and with a comment or another order in the settings", async () => {
    await synth();
    const first = json();
    expect(first).not.toContain(at());
    await synth();
    expect(json()).toBe(first);
    const text =
      "# comment\nbackend: { s3: { region: eu-central-1, bucket: state } }\nregion: eu-central-1\n";
    write({ "elsewhere/deployments/dev.yaml": text });
    await runCli(at("elsewhere"), ["synth"]);
    expect(read("elsewhere/cdktf.out/stacks/dev/cdk.tf.json")).toBe(first);
  });

  it("changes nothing in cdktf.out when a setting is wrong, and shows no stack trace", async () => {
    await synth();
    const before = json();
    write({
      "deployments/dev.yaml": SETTINGS.replace(
        "region: eu-central-1\n",
        "region: eu-west-1\nprotct: false\n",
      ),
    });
    write({ "deployments/another.yaml": SETTINGS });
    const { status, stdout, stderr } = await synth();
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain('line 2, protct: unknown setting, did you mean "protect"?');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(json()).toBe(before);
    expect(stacks()).toEqual(["dev"]);
  });

  it("writes to the folder that CDKTF_OUTDIR names, also the committed provider lock", async () => {
    write({ "locks/dev.terraform.lock.hcl": "# lock" });
    expect((await synth({ CDKTF_OUTDIR: "out" })).stdout).toBe("out/stacks/dev/cdk.tf.json\n");
    expect(read("out/stacks/dev/.terraform.lock.hcl")).toBe("# lock");
  });

  it.each(["path", "workspace_dir"])(
    "rejects a local state in the output folder, whichever it is called: %s",
    async (argument) => {
      const backend = `backend: { local: { ${argument}: x/../build/tf/stacks/dev/s.tfstate } }`;
      write({ "deployments/dev.yaml": SETTINGS.replace(/^backend:.*$/m, backend) });
      expect(await synth({ CDKTF_OUTDIR: "build/tf" })).toEqual({
        status: 1,
        stdout: "",
        stderr: `dev: backend.local.${argument}: "x/../build/tf/stacks/dev/s.tfstate" is in the output folder build/tf, which is generated; write a path outside of it\n`,
      });
      expect((await synth()).status).toBe(0);
    },
  );

  it.each([
    "manifest.json",
    "stacks",
    "stacks/dev",
    "modules",
    "modules/dev",
    "modules/dev/main.tf.json",
    "modules/dev/versions.tf",
  ])("writes through no symbolic link in the output folder: %s", async (name) => {
    const path = `cdktf.out/${name}`;
    await runCli(at(), ["synth", "--module"]);
    renameSync(at(path), at("target"));
    symlinkSync(at("target"), at(path));
    expect(await runCli(at(), ["synth", "--module"])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        `${path}: is a symbolic link; remove it and run the command again\n$`,
      ),
    });
  });

  describe("with --module", () => {
    const synthModule = (settings = "") => {
      write({ "deployments/dev.yaml": `${SETTINGS}${settings}` });
      return runCli(at(), ["synth", "--module"]);
    };

    it("writes a module without provider and backend, whose variables are the names", async () => {
      const { stdout } = await synthModule("policy: { mode: scoped }\ncluster: { prefix: dev }\n");
      expect(stdout).toBe("cdktf.out/stacks/dev/cdk.tf.json\ncdktf.out/modules/dev/main.tf.json\n");
      const { provider, terraform, resource, variable } = JSON.parse(
        read("cdktf.out/modules/dev/main.tf.json"),
      );
      expect({ provider, terraform: Object.keys(terraform) }).toEqual({
        provider: undefined,
        terraform: ["required_providers"],
      });
      expect(resource.aws_iam_user.user.name).toBe(`\${var.user_name}`);
      expect(resource.aws_iam_policy.policy.name).toBe(`\${var.policy_name}`);
      expect([variable.user_name.default, variable.policy_name.default]).toEqual([
        "deckhouse",
        "D8CloudProviderAWS",
      ]);
      expect(names("cdktf.out/modules/dev")).toEqual(["main.tf.json", "versions.tf"]);
    });

    it("names the settings that belong to the provider of the root module", async () => {
      const { stderr } = await synthModule('accountId: "123456789012"\ntags: { team: dkp }\n');
      expect(stderr).toContain(
        "note: cdktf.out/modules/dev: has no accountId, tags; set the same in the provider of your root module\n",
      );
    });

    it("rejects import, and writes nothing", async () => {
      expect(await synthModule("import: { user: true }\n")).toEqual({
        status: 1,
        stdout: "",
        stderr:
          "dev: import: Terraform imports in root modules only; write import blocks in yours, and remove import from the settings\n",
      });
      expect(names()).toEqual(["deployments"]);
    });
  });

  it("rejects an output folder that is a file in one line", async () => {
    expect(await synth({ CDKTF_OUTDIR: "deployments/dev.yaml" })).toEqual({
      status: 1,
      stdout: "",
      stderr: "deployments/dev.yaml/stacks: not a directory (ENOTDIR)\n",
    });
  });
});
