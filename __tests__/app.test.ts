import { existsSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, Aspects } from "cdktf";
import { AccessApp } from "../src/app";
import { DeckhouseAccessStack } from "../src/stack";
import { deployment } from "./helpers/deployment";
import { folderForEach } from "./helpers/folder";

const CURRENT = deployment();
const OLD = { ...CURRENT, stack: "old" };
const STACK = "cdktf.out/stacks/deckhouse";

describe("AccessApp", () => {
  const { at, names, read, write } = folderForEach({ "deployments/": "" });
  afterEach(() => {
    for (const name of [
      "SYNTH_HCL_OUTPUT",
      "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS",
      "CDKTF_CONTEXT_JSON",
    ]) {
      delete process.env[name];
    }
  });

  const synth = (
    deployments = [CURRENT],
    change: (stack: DeckhouseAccessStack) => void = () => {},
    stacks = ["deckhouse"],
  ) => {
    const lines: string[] = [];
    const folders = { outdir: at("cdktf.out"), settingsFolder: at("deployments") };
    const app = new AccessApp({ ...folders, stacks, print: (line) => lines.push(line) });
    for (const one of deployments) {
      change(new DeckhouseAccessStack(app, one));
    }
    app.synth();
    return lines;
  };
  const json = () => read(`${STACK}/cdk.tf.json`);
  const unexpected = (path: string) =>
    `${path}: neither synth nor Terraform creates this; move it out of the folder, or delete it`;

  it("writes the same bytes as CDKTF's App, and the required Terraform version next to them", () => {
    synth();
    const plain = new App({ outdir: at("plain") });
    new DeckhouseAccessStack(plain, CURRENT);
    plain.synth();
    expect(json()).toBe(read("plain/stacks/deckhouse/cdk.tf.json"));
    expect(names(STACK)).toEqual(["cdk.tf.json", "versions.tf"]);
    expect(read(`${STACK}/versions.tf`)).toBe('terraform {\n  required_version = ">= 1.10.0"\n}\n');
  });

  it("names the file that it cannot write", () => {
    write({ "cdktf.out/manifest.json/x": "" });
    expect(() => synth()).toThrow(
      `${at("cdktf.out/manifest.json")}: illegal operation on a directory (EISDIR)`,
    );
  });

  it.each([
    "override.tf.json",
    "x.tofu",
    "terraform.tfvars.json",
    "x.auto.tfvars",
    "terraform.d/",
    ".terraform.d/",
    "plan/",
    "notes.md",
  ])("rejects %s in a stack's folder, and writes nothing", (name) => {
    synth();
    const before = json();
    write({ [`${STACK}/${name}`]: "" });
    expect(() => synth([deployment("protect: false")])).toThrow(
      unexpected(at(join(STACK, basename(name)))),
    );
    expect(json()).toBe(before);
  });

  it("never advises to delete a state in a stack's folder", () => {
    write({ [`${STACK}/state.tfstate`]: "{}", [`${STACK}/state.tfstate.backup`]: "{}" });
    const advice =
      "is a state, which may be the only record of what exists; move it out of the folder";
    expect(() => synth()).toThrow(
      ["state.tfstate", "state.tfstate.backup"]
        .map((name) => `${at(`${STACK}/${name}`)}: ${advice}`)
        .join("\n"),
    );
  });

  it("accepts what synth, Terraform, CDKTF, Atlantis and this program create there", () => {
    const files = [
      ".terraform.lock.hcl",
      "errored.tfstate",
      "terraform.tfstate.1796143790.backup",
      "plan",
      "default.tfplan",
      "a::b-default.json",
      "cdk.tf",
    ];
    const folders = [".terraform/", "assets/", ".plan.0123456789ab.1.tmp/"];
    write(Object.fromEntries([...files, ...folders].map((name) => [`${STACK}/${name}`, ""])));
    synth();
    process.env.TF_DATA_DIR = "data";
    write({ [`${STACK}/data/`]: "" });
    synth();
    delete process.env.TF_DATA_DIR;
    expect(() => synth()).toThrow(unexpected(at(`${STACK}/data`)));
  });

  it("rejects symbolic links to Terraform configuration, and names every file of every stack", () => {
    synth([CURRENT, OLD]);
    symlinkSync("/nowhere", at(`${STACK}/zz.tf`));
    write({ "cdktf.out/stacks/old/x.tf": "" });
    expect(() => synth([CURRENT, OLD])).toThrow(
      [unexpected(at(`${STACK}/zz.tf`)), unexpected(at("cdktf.out/stacks/old/x.tf"))].join("\n"),
    );
  });

  it("writes HCL over JSON and JSON over HCL, and finds neither unexpected", () => {
    synth();
    process.env.SYNTH_HCL_OUTPUT = "true";
    synth();
    const written = () => names(STACK).filter((name) => name.startsWith("cdk."));
    expect(written()).toEqual(["cdk.tf"]);
    delete process.env.SYNTH_HCL_OUTPUT;
    synth();
    expect(written()).toEqual(["cdk.tf.json"]);
  });

  it("rejects a symbolic link in place of its own file, and leaves the file that the link points to", () => {
    synth();
    write({ target: "untouched" });
    rmSync(at(`${STACK}/cdk.tf.json`));
    symlinkSync(at("target"), at(`${STACK}/cdk.tf.json`));
    expect(() => synth()).toThrow(unexpected(at(`${STACK}/cdk.tf.json`)));
    expect(read("target")).toBe("untouched");
  });

  it("prints each note once for all stacks that have it, and none where the CDKTF command prints them", () => {
    const notes = synth([CURRENT, OLD]).filter((line) => line.startsWith("info: "));
    expect(notes).toHaveLength(2);
    for (const note of notes) {
      expect(note).toMatch(
        new RegExp(
          `^info: ${CURRENT.stack}, ${OLD.stack}: (?:the secret access key|accountId) is `,
        ),
      );
    }
    process.env.CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS = "true";
    expect(synth([CURRENT, OLD]).filter((line) => line.startsWith("info: "))).toEqual([]);
  });

  it.each<[string, what: string, (stack: DeckhouseAccessStack) => void]>([
    [
      "adds a resource",
      "arn",
      (one) => new SsmParameter(one, "arn", { name: "/arn", type: "String", value: one.user.arn }),
    ],
    [
      "sets an argument by an aspect",
      "user/user",
      (one) =>
        Aspects.of(one).add({
          visit: (node) => {
            if (node instanceof IamUser) {
              node.permissionsBoundary = "arn:aws:iam::123456789012:policy/Boundary";
            }
          },
        }),
    ],
    [
      "overrides a part of the JSON",
      "the override terraform.required_providers.aws.version",
      (one) => one.addOverride("terraform.required_providers.aws.version", "5.100.0"),
    ],
  ])("warns of every stack that the program changes: it %s", (_, what, change) => {
    const warning = `the program changes ${what}; dkp-access review, plan and diff do not show the change, and dkp-access apply removes it`;
    expect(synth([CURRENT, OLD], change)).toContain(
      `warning: ${CURRENT.stack}, ${OLD.stack}: ${warning}`,
    );
    expect(synth([CURRENT, OLD]).filter((line) => line.startsWith("warn"))).toEqual([]);
  });

  it("names the folder of a removed deployment at every run, and deletes nothing in it", () => {
    synth([CURRENT, OLD]);
    const old = at("cdktf.out/stacks/old");
    const note = `note: ${old}: no deployment has this name; if it was applied, restore its settings and destroy it, then delete the folder`;
    expect(synth()).toContain(note);
    expect(synth()).toContain(note);
    expect(existsSync(`${old}/cdk.tf.json`)).toBe(true);
    for (const lines of [
      synth([CURRENT, OLD]),
      synth([CURRENT], undefined, ["deckhouse", "old"]),
    ]) {
      expect(lines.filter((line) => line.startsWith("note:"))).toEqual([]);
    }
  });

  it("reads the settings folder that CDKTF's context names", () => {
    process.env.CDKTF_CONTEXT_JSON = '{"deployments":"elsewhere"}';
    expect(new AccessApp({ outdir: at("cdktf.out"), print: () => {} }).settingsFolder).toBe(
      "elsewhere",
    );
  });
});
