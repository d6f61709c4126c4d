import { join, relative } from "node:path";
import { App, TerraformOutput, TerraformStack, Testing } from "cdktf";
import { AccessState, type AccessStateProps } from "../../src/constructs/access-state";
import { OUTPUTS, type OutputName } from "../../src/terraform/outputs";
import { deployment } from "../helpers/deployment";

interface Terraform {
  readonly data: {
    readonly terraform_remote_state: Readonly<Record<string, { backend: string; config: object; workspace?: string }>>;
  };
  readonly output: Readonly<Record<string, { readonly value: string }>>;
}

/** The Terraform JSON of somebody else's stack. */
function synth(fill: (stack: TerraformStack) => void, outdir = Testing.app().outdir): Terraform {
  const stack = new TerraformStack(new App({ outdir, stackTraces: false }), "consumer");
  fill(stack);
  return JSON.parse(Testing.synth(stack)) as Terraform;
}

const dataSource = (props: AccessStateProps) =>
  synth((stack) => new AccessState(stack, "access", props)).data.terraform_remote_state.access;

const S3 = { s3: { bucket: "states", key: "deckhouse/terraform.tfstate", region: "eu-central-1" } };

const camelCase = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

describe("the reader of a state", () => {
  it.each<[string, AccessStateProps, object]>([
    ["s3", { s3: { ...S3.s3, usePathStyle: true } }, { ...S3.s3, use_path_style: true }],
    ["gcs", { gcs: { bucket: "states", prefix: "dkp" } }, { bucket: "states", prefix: "dkp" }],
    [
      "azurerm",
      { azurerm: { storageAccountName: "acc", containerName: "states", key: "a.tfstate" } },
      { storage_account_name: "acc", container_name: "states", key: "a.tfstate" },
    ],
    ["http", { http: { address: "https://example.com/state" } }, { address: "https://example.com/state" }],
    [
      "remote",
      { remote: { organization: "org", workspaces: { name: "dkp" } } },
      { organization: "org", workspaces: { name: "dkp" } },
    ],
    ["local", { local: { path: "../a.tfstate" } }, { path: "../a.tfstate" }],
  ])("is rendered for %s, under the id that it was given", (backend, props, config) => {
    expect(dataSource(props)).toEqual({ backend, config });
  });

  it("reads another workspace than the default one", () => {
    expect(dataSource({ s3: { ...S3.s3, workspace: "blue" } })).toEqual({ backend: "s3", config: S3.s3, workspace: "blue" });
  });

  it("has a property for each output and no other", () => {
    const state = new AccessState(new TerraformStack(Testing.app(), "stack"), "access", { local: { path: "x" } });
    expect(Object.keys(state).filter((name) => name !== "node")).toEqual(Object.keys(OUTPUTS).map(camelCase));
  });

  it("reads each property from its output, the secret as a sensitive value", () => {
    const names = Object.keys(OUTPUTS) as OutputName[];
    const { output } = synth((stack) => {
      const access = new AccessState(stack, "access", S3);
      for (const name of names) {
        new TerraformOutput(stack, name, { value: access[camelCase(name) as "userName"] });
      }
    });
    for (const name of names) {
      const reference = `data.terraform_remote_state.access.outputs.${name}`;
      expect(output[name]?.value).toBe(name === "secret_access_key" ? `\${sensitive(${reference})}` : `\${${reference}}`);
    }
  });

  it("makes the provider block of AWSClusterConfiguration", () => {
    const { output } = synth((stack) => {
      new TerraformOutput(stack, "block", { value: new AccessState(stack, "access", S3).providerBlock, sensitive: true });
    });
    const from = "data.terraform_remote_state.access.outputs";
    expect(output.block?.value).toBe(
      `\${yamlencode({"provider" = {"providerAccessKeyId" = ${from}.access_key_id, "providerSecretAccessKey" = sensitive(${from}.secret_access_key), "region" = ${from}.region}})}`,
    );
  });

  it("does not compile with a wrong name, of an output, a backend or an argument", () => {
    synth((stack) => {
      const access = new AccessState(stack, "access", S3);
      // @ts-expect-error: the property is called userArn
      expect(access.user_arn).toBeUndefined();
      // @ts-expect-error: the argument is called bucket
      new AccessState(stack, "argument", { s3: { ...S3.s3, bukket: "states" } });
      // @ts-expect-error: a state has one location
      new AccessState(stack, "two", { ...S3, gcs: { bucket: "states" } });
      // @ts-expect-error: one backend type is needed
      expect(() => new AccessState(stack, "none", {})).toThrow(
        "consumer/none: names no backend type; write for example { s3: { bucket, key, region } }",
      );
    });
  });
});

describe("the reader of a deployment of the same program", () => {
  const read = (settings: string, outdir?: string) =>
    synth((stack) => AccessState.of(stack, "access", deployment(settings)), outdir).data.terraform_remote_state.access;

  it("reads where the stack writes, without what only a writer needs", () => {
    expect(read("backend: { s3: { bucket: states, region: eu-central-1, kms_key_id: k, dynamodb_table: t } }")).toEqual({
      backend: "s3",
      config: S3.s3,
    });
  });

  it("reads any backend of Terraform, also those that CDKTF has no class for", () => {
    expect(read("backend: { kubernetes: { secret_suffix: dkp } }")).toEqual({
      backend: "kubernetes",
      config: { secret_suffix: "dkp" },
    });
  });

  it.each(["cloud", "remote"])("reads a workspace of HCP Terraform, written with %s, as remote", (type) => {
    const location = `${type}: { organization: org, workspaces: { name: dkp } }`;
    expect(read(type === "cloud" ? location : `backend: { ${location} }`)).toEqual({
      backend: "remote",
      config: { organization: "org", workspaces: { name: "dkp" } },
    });
  });

  it("finds a local state from the reader's own folder", () => {
    const { outdir } = Testing.app();
    expect(read("backend: { local: { path: state/dkp.tfstate } }", outdir)).toEqual({
      backend: "local",
      config: { path: relative(join(outdir, "stacks/consumer"), join(process.cwd(), "state/dkp.tfstate")) },
    });
  });

  it.each([
    [
      "backend: { s3: {}, partial: true }",
      "consumer: the settings of deckhouse leave bucket of its backend s3 open; read it with new AccessState and all arguments",
    ],
    [
      "cloud: { organization: org, workspaces: { tags: [dkp] } }",
      "consumer: the settings of deckhouse leave workspaces of its backend cloud open; read it with new AccessState and all arguments",
    ],
  ])("says so where the settings leave open which state it is: %s", (settings, message) => {
    expect(() => read(settings)).toThrow(message);
  });
});
