import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Testing } from "cdktf";
import { DeckhouseAccessStack } from "../../src/stack";
import { deployment } from "../helpers/deployment";

/** The `terraform` block that settings become, in JSON and in HCL. */
function terraformBlock(settings: string): Readonly<Record<string, unknown>> {
  const stack = new DeckhouseAccessStack(Testing.app(), deployment(settings));
  const { terraform } = JSON.parse(Testing.synth(stack)) as { terraform: Record<string, unknown> };
  const { required_providers, ...rest } = terraform;
  return rest;
}

describe("the backend block", () => {
  it("is S3 with encryption, a lock and a key of the stack's name", () => {
    expect(terraformBlock("backend: { s3: { bucket: state, region: eu-central-1 } }")).toEqual({
      backend: {
        s3: { bucket: "state", region: "eu-central-1", encrypt: true, key: "deckhouse/terraform.tfstate", use_lockfile: true },
      },
    });
  });

  it("takes the word of the settings over the defaults of S3", () => {
    expect(terraformBlock("backend: { s3: { bucket: b, region: r, encrypt: false, use_lockfile: false, key: k } }")).toEqual({
      backend: { s3: { bucket: "b", region: "r", encrypt: false, key: "k", use_lockfile: false } },
    });
  });

  it("passes arguments of any type through as they are, nested ones and camel case inside values too", () => {
    expect(
      terraformBlock(
        "backend: { s3: { bucket: b, assume_role: { role_arn: 'arn:aws:iam::123456789012:role/s', tags: { someKey: v }, policy_arns: [a] } } }",
      ),
    ).toEqual({
      backend: {
        s3: {
          bucket: "b",
          assume_role: { role_arn: "arn:aws:iam::123456789012:role/s", tags: { someKey: "v" }, policy_arns: ["a"] },
          encrypt: true,
          key: "deckhouse/terraform.tfstate",
          use_lockfile: true,
        },
      },
    });
  });

  it("is the cloud block for HCP Terraform, without a backend beside it", () => {
    expect(terraformBlock("cloud: { organization: org, workspaces: { name: dkp } }")).toEqual({
      cloud: { organization: "org", workspaces: { name: "dkp" } },
    });
  });

  it("leaves out what is given on the command line, and the word partial", () => {
    expect(terraformBlock("backend: { s3: {}, partial: true }")).toEqual({
      backend: { s3: { encrypt: true, key: "deckhouse/terraform.tfstate", use_lockfile: true } },
    });
  });
});

describe("a local state", () => {
  const path = (outdir: string, settings: string) => {
    const stack = new DeckhouseAccessStack(new App({ outdir, stackTraces: false }), deployment(settings));
    const { terraform } = JSON.parse(Testing.synth(stack)) as { terraform: { backend: { local: { path: string } } } };
    return terraform.backend.local.path;
  };

  it("lies in the project's root whatever folder Terraform runs in", () => {
    const outdir = Testing.app().outdir;
    const written = path(outdir, "backend: { local: {} }");
    expect(written).not.toMatch(/^\//);
    expect(join(outdir, "stacks/deckhouse", written)).toBe(join(process.cwd(), "terraform.deckhouse.tfstate"));
  });

  it("lies where the settings say, seen from the project's root", () => {
    const outdir = Testing.app().outdir;
    const written = path(outdir, "backend: { local: { path: state/dkp.tfstate } }");
    expect(join(outdir, "stacks/deckhouse", written)).toBe(join(process.cwd(), "state/dkp.tfstate"));
  });
});

describe("a local state below an output folder that is a symbolic link", () => {
  it("lies where Terraform finds it from the folder itself", () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "linked-")));
    try {
      mkdirSync(join(root, "elsewhere/deep"), { recursive: true });
      symlinkSync(join(root, "elsewhere/deep"), join(root, "cdktf.out"));
      const stack = new DeckhouseAccessStack(
        new App({ outdir: join(root, "cdktf.out"), stackTraces: false }),
        deployment("backend: { local: { path: dkp.tfstate } }"),
      );
      const { terraform } = JSON.parse(Testing.synth(stack)) as { terraform: { backend: { local: { path: string } } } };
      const stackFolder = join(root, "elsewhere/deep/stacks/deckhouse");
      expect(join(stackFolder, terraform.backend.local.path)).toBe(join(realpathSync("."), "dkp.tfstate"));
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe("the HCL of the S3 backend", () => {
  it("has the same arguments", () => {
    const stack = new DeckhouseAccessStack(
      Testing.app(),
      deployment(
        "backend: { s3: { bucket: state, region: eu-central-1, assume_role: { role_arn: 'arn:aws:iam::123456789012:role/s' } } }",
      ),
    );
    const hcl = Testing.synthHcl(stack);
    expect(hcl).toContain(`backend "s3" {
encrypt = true
key = "deckhouse/terraform.tfstate"
use_lockfile = true
assume_role = {
role_arn = "arn:aws:iam::123456789012:role/s"
}
bucket = "state"
region = "eu-central-1"
}`);
  });
});
