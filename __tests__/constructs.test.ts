import "cdktf/lib/testing/adapters/jest";
import { mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { App, DataTerraformRemoteStateS3, TerraformOutput, TerraformStack, Testing } from "cdktf";
import { AccessKey } from "../src/constructs/access-key";
import { AccessState } from "../src/constructs/access-state";
import { AccessUser } from "../src/constructs/access-user";
import { DeckhouseAccessStack } from "../src/stack";
import { deployment } from "./helpers/deployment";
import { folderForEach } from "./helpers/folder";

Testing.setupJest();

it("AccessUser creates a protected user with path / by default", () => {
  const json = Testing.synthScope((scope) => {
    new AccessUser(scope, "user", { name: "deckhouse" });
  });
  expect(json).toHaveResourceWithProperties(IamUser, {
    name: "deckhouse",
    path: "/",
    force_destroy: false,
    lifecycle: { prevent_destroy: true },
  });
  expect(json).not.toContain("permissions_boundary");
});

it.each([true, false])(
  "AccessKey with protect: %s leaves the status to AWS, and never has a key created before the old one is deleted",
  (protect) => {
    const json = Testing.synthScope((scope) => {
      const user = new AccessUser(scope, "user", { name: "dkp" });
      const key = new AccessKey(scope, "key", { user, protect });
      new TerraformOutput(scope, "id", { value: key.accessKeyId });
      new TerraformOutput(scope, "secret", { value: key.secretAccessKey, sensitive: true });
    });
    const { resource, output } = JSON.parse(json);
    expect(Object.values(resource.aws_iam_access_key)).toEqual([
      {
        lifecycle: { ignore_changes: ["status"], prevent_destroy: protect },
        user: expect.stringMatching(/^\$\{aws_iam_user\..*\.name\}$/),
      },
    ]);
    expect(output).toMatchObject({
      id: { value: expect.stringMatching(/\.id\}$/) },
      secret: { value: expect.stringMatching(/\.secret\}$/) },
    });
  },
);

interface Terraform {
  readonly data: {
    readonly terraform_remote_state: Readonly<Record<string, { backend: string; config: object }>>;
  };
  readonly output: Readonly<Record<string, { readonly value: string }>>;
}

function synthConsumer(fill: (stack: TerraformStack) => void, outdir = Testing.app().outdir) {
  const stack = new TerraformStack(new App({ outdir, stackTraces: false }), "consumer");
  fill(stack);
  return JSON.parse(Testing.synth(stack)) as Terraform;
}

const S3 = { bucket: "states", key: "deckhouse/terraform.tfstate", region: "eu-central-1" };

it("the reader of a state has each output by its name, the secret as a sensitive value, and the provider block", () => {
  const { output } = synthConsumer((stack) => {
    const access = new AccessState(new DataTerraformRemoteStateS3(stack, "access", S3));
    for (const name of ["user_arn", "secret_access_key"] as const) {
      new TerraformOutput(stack, name, { value: access.output(name) });
    }
    new TerraformOutput(stack, "policies", { value: access.additionalPolicyArns });
    new TerraformOutput(stack, "block", { value: access.providerBlock });
    // @ts-expect-error: the output is called user_arn
    access.output("user_id");
  });
  const from = "data.terraform_remote_state.access.outputs";
  expect(output).toMatchObject({
    user_arn: { value: `\${${from}.user_arn}` },
    secret_access_key: { value: `\${sensitive(${from}.secret_access_key)}` },
    policies: { value: `\${${from}.additional_policy_arns}` },
    block: {
      value: `\${yamlencode({"provider" = {"providerAccessKeyId" = ${from}.access_key_id, "providerSecretAccessKey" = sensitive(${from}.secret_access_key), "region" = ${from}.region}})}`,
    },
  });
});

describe("a local state", () => {
  const { at } = folderForEach();
  /** Relative to the folder of the stack, where Terraform runs. */
  const stateOf = (settings: string, outdir: string, linked = outdir) => {
    const app = new App({ outdir, stackTraces: false });
    const stack = new DeckhouseAccessStack(app, deployment(`backend: { local: ${settings} }`));
    const { path } = JSON.parse(Testing.synth(stack)).terraform.backend.local as { path: string };
    expect(path).not.toMatch(/^\//);
    return join(linked, "stacks/deckhouse", path);
  };

  it.each([
    ["{}", "terraform.deckhouse.tfstate"],
    ["{ path: state/dkp.tfstate }", "state/dkp.tfstate"],
  ])("lies in the project's root whatever folder Terraform runs in: %s", (settings, path) => {
    expect(stateOf(settings, Testing.app().outdir)).toBe(join(process.cwd(), path));
  });

  it("lies where Terraform finds it from an output folder that is a symbolic link", () => {
    mkdirSync(at("elsewhere/deep"), { recursive: true });
    symlinkSync(at("elsewhere/deep"), at("cdktf.out"));
    const path = stateOf("{ path: dkp.tfstate }", at("cdktf.out"), at("elsewhere/deep"));
    expect(path).toBe(join(realpathSync("."), "dkp.tfstate"));
  });
});
