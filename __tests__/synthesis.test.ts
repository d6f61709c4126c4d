import { spawnSync } from "node:child_process";
import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pruneStacks, readManifest } from "../src/cli/commands/support/prune-stacks";
import { synthesize } from "../src/synthesis";
import { fileErrorMessage } from "../src/text/files";
import { deployment } from "./helpers/deployment";

const CURRENT = deployment();
const OLD = { ...CURRENT, stack: "old" };

describe("synthesis into an output folder", () => {
  let root: string;
  let output: string;
  let settings: string;
  let stack: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "synthesis-"));
    [output, settings] = [join(root, "cdktf.out"), join(root, "deployments")];
    stack = join(output, "stacks/deckhouse");
    mkdirSync(settings);
  });

  afterEach(() => rmSync(root, { recursive: true }));

  /** Synthesizes deployments and removes what is left of others, as `npm run synth` does. */
  const synth = (deployments = [CURRENT], from = settings) => {
    synthesize(deployments, output, from);
    return pruneStacks(output, readManifest(output), from);
  };
  const json = (): string => readFileSync(join(stack, "cdk.tf.json"), "utf8");
  const caught = (run: () => void): Error => {
    try {
      run();
    } catch (error) {
      return error as Error;
    }
    throw new Error("no error");
  };
  const stacks = () => readdirSync(join(output, "stacks")).sort();
  const unexpected = (path: string) =>
    `${path}: synth did not write this file, and Terraform would apply it; delete it, or move it out of the folder`;

  it.each([
    "override.tf.json",
    "zz.tf",
    "cdk_override.tf",
    "x.tofu",
    "x.tofu.json",
    "terraform.tfvars",
    "terraform.tfvars.json",
    "x.auto.tfvars",
    ".hidden.auto.tfvars.json",
  ])("rejects %s in a stack's folder, and writes nothing", (name) => {
    synth();
    const before = json();
    writeFileSync(join(stack, name), "");
    expect(() => synth([deployment("protect: false")])).toThrow(unexpected(join(stack, name)));
    expect(json()).toBe(before);
  });

  it("rejects symbolic links to Terraform configuration, and names every file of every stack", () => {
    synth([CURRENT, OLD]);
    symlinkSync("/nowhere", join(stack, "zz.tf"));
    writeFileSync(join(output, "stacks/old/x.tf"), "");
    expect(() => synth([CURRENT, OLD])).toThrow(
      [unexpected(join(stack, "zz.tf")), unexpected(join(output, "stacks/old/x.tf"))].join("\n"),
    );
  });

  it("gives the path of a local state as seen from the stack's folder in the output folder", () => {
    synth([deployment("backend: { local: { path: states/dkp.tfstate } }")]);
    const { terraform } = JSON.parse(json()) as { terraform: { backend: { local: { path: string } } } };
    expect(resolve(stack, terraform.backend.local.path)).toBe(resolve("states/dkp.tfstate"));
  });

  it("writes HCL over JSON and JSON over HCL, and finds neither unexpected", () => {
    synth();
    process.env.SYNTH_HCL_OUTPUT = "true";
    try {
      synth();
      expect(readdirSync(stack).sort()).toEqual(["cdk.tf", "metadata.json", "versions.tf"]);
    } finally {
      delete process.env.SYNTH_HCL_OUTPUT;
    }
    synth();
    expect(readdirSync(stack).sort()).toEqual(["cdk.tf.json", "versions.tf"]);
  });

  it("rejects a stack's folder that is a symbolic link", () => {
    const elsewhere = join(root, "elsewhere");
    mkdirSync(join(output, "stacks"), { recursive: true });
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, stack);
    expect(() => synth()).toThrow(`${stack}: is a symbolic link, not a folder; remove it, or name another path`);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it("replaces a symbolic link in place of its own file, not the file that the link points to", () => {
    synth();
    const target = join(root, "target");
    writeFileSync(target, "untouched");
    rmSync(join(stack, "cdk.tf.json"));
    symlinkSync(target, join(stack, "cdk.tf.json"));
    synth();
    expect(readFileSync(target, "utf8")).toBe("untouched");
    expect(lstatSync(join(stack, "cdk.tf.json")).isFile()).toBe(true);
  });

  it("rejects the folder of the settings as output folder", () => {
    expect(() => synthesize([CURRENT], settings, settings)).toThrow(
      `CDKTF_OUTDIR: "${settings}" is the folder of the settings; name another folder`,
    );
    expect(readdirSync(settings)).toEqual([]);
  });

  it("keeps the old configuration, complete, when a file cannot be written", () => {
    synth();
    const before = json();
    rmSync(join(output, "manifest.json"));
    mkdirSync(join(output, "manifest.json"));
    expect(() => synth()).toThrow(
      `${join(output, "manifest.json")}: is a folder, not a file (EISDIR); remove it, or name another path`,
    );
    expect(json()).toBe(before);
    expect(readdirSync(stack).sort()).toEqual(["cdk.tf.json", "versions.tf"]);
    expect(readdirSync(output).sort()).toEqual(["manifest.json", "stacks"]);
  });

  it("names a folder that has the name of one of its files", () => {
    mkdirSync(join(stack, "metadata.json"), { recursive: true });
    expect(fileErrorMessage(caught(() => synth()))).toBe(
      `${join(stack, "metadata.json")}: is a folder, not a file (ERR_FS_EISDIR); remove it, or name another path`,
    );
  });

  it("goes on without waiting when a FIFO has the name of its manifest", () => {
    synth();
    rmSync(join(output, "manifest.json"));
    spawnSync("mkfifo", [join(output, "manifest.json")]);
    synth();
    expect(statSync(join(output, "manifest.json")).isFile()).toBe(true);
  });

  it("leaves errors their stack traces", () => {
    expect(caught(() => synthesize([{ ...CURRENT, stack: "" }], output, settings)).stack).toMatch(/\n +at /);
    expect(new Error("x").stack).toMatch(/\n +at /);
  });

  it("removes the folder of a removed deployment that holds nothing but generated files", () => {
    synth([CURRENT, OLD]);
    const old = join(output, "stacks/old");
    mkdirSync(join(old, ".terraform/providers/registry.terraform.io"), { recursive: true });
    for (const name of [".terraform/terraform.tfstate", ".terraform/environment", ".terraform.lock.hcl"]) {
      writeFileSync(join(old, name), "");
    }
    expect(synth()).toEqual({ removed: ["old"], kept: [] });
    expect(stacks()).toEqual(["deckhouse"]);
  });

  it.each([
    ["key.pem", false],
    ["plan", false],
    ["notes/today.txt", false],
    ["zz.tf", false],
    ["x.tfstate.bak", false],
    ["my.tfstate.old", false],
    ["terraform.tfstate~", false],
    ["state.json", false],
    [".terraform.mine", false],
    [".terraform/key.pem", false],
    [".terraform-states/terraform.tfstate", true],
    ["terraform.tfstate.d/dev/terraform.tfstate", true],
  ])("keeps the folder of a removed deployment that holds %s, at every run, until it is gone", (name, isState) => {
    synth([CURRENT, OLD]);
    const file = join(output, "stacks/old", name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "mine");
    const kept = { removed: [], kept: [{ stack: "old", file: name, isState }] };
    expect([synth(), synth()]).toEqual([kept, kept]);
    expect(readFileSync(file, "utf8")).toBe("mine");
    rmSync(join(output, "stacks/old", name.split("/")[0] ?? name), { recursive: true });
    expect(synth().removed).toEqual(["old"]);
  });

  it("does not follow a symbolic link that replaced the folder of a removed deployment", () => {
    synth([CURRENT, OLD]);
    const elsewhere = join(root, "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "cdk.tf.json"), "{}");
    rmSync(join(output, "stacks/old"), { recursive: true });
    symlinkSync(elsewhere, join(output, "stacks/old"));
    expect(synth()).toEqual({ removed: [], kept: [] });
    expect(existsSync(join(elsewhere, "cdk.tf.json"))).toBe(true);
  });

  it("removes no stack of another settings folder", () => {
    const other = join(root, "elsewhere");
    mkdirSync(other);
    synth();
    expect(synth([OLD], other)).toEqual({ removed: [], kept: [] });
    expect(stacks()).toEqual(["deckhouse", "old"]);
    expect(synth([{ ...CURRENT, stack: "new" }])).toEqual({ removed: ["deckhouse"], kept: [] });
    expect(stacks()).toEqual(["new", "old"]);
  });

  it("removes no stack of another CDKTF program", () => {
    mkdirSync(join(output, "stacks/other"), { recursive: true });
    writeFileSync(join(output, "stacks/other/cdk.tf.json"), "{}");
    writeFileSync(join(output, "manifest.json"), '{"version":"0.21.0","stacks":{"other":{"name":"other"}}}');
    expect([synth(), synth()]).toEqual([
      { removed: [], kept: [] },
      { removed: [], kept: [] },
    ]);
    expect(stacks()).toEqual(["deckhouse", "other"]);
  });

  it("removes no stack of another checkout whose output folder it writes into", () => {
    synth([OLD]);
    const [theirs, link] = [join(root, "another/deployments"), join(root, "another/cdktf.out")];
    mkdirSync(theirs, { recursive: true });
    symlinkSync(output, link);
    synthesize([CURRENT], link, theirs);
    expect(pruneStacks(link, readManifest(link), theirs)).toEqual({ removed: [], kept: [] });
    expect(stacks()).toEqual(["deckhouse", "old"]);
  });

  it.each(["", '{"stacks":', "[]"])("goes on with the manifest %j, and removes nothing then", (manifest) => {
    synth([CURRENT, OLD]);
    writeFileSync(join(output, "manifest.json"), manifest);
    expect(synth()).toEqual({ removed: [], kept: [] });
    expect(stacks()).toEqual(["deckhouse", "old"]);
  });

  it("removes what another synth removes at the same time", () => {
    synth([CURRENT, OLD]);
    const meanwhile = jest.spyOn(fs, "readdirSync").mockImplementationOnce((path) => {
      rmSync(path, { recursive: true });
      throw Object.assign(new Error("no such folder"), { code: "ENOENT" });
    });
    expect(pruneStacks(output, readManifest(output).slice(0, 1), settings)).toEqual({ removed: ["old"], kept: [] });
    meanwhile.mockRestore();
    expect(stacks()).toEqual(["deckhouse"]);
  });
});
