import { strToU8, zipSync } from "fflate";
import { verifyConfiguration } from "../../../src/cli/diff/saved-plan";

const SYNTHESIZED = JSON.stringify({ provider: { aws: [{ region: "eu-central-1" }] }, resource: { aws_iam_user: { user: {} } } });
const VERSIONS = 'terraform {\n  required_version = ">= 1.10.0"\n}\n';
const EXPECTED = { "cdk.tf.json": [SYNTHESIZED, "{}"], "versions.tf": [VERSIONS, undefined] };

const FILES = {
  tfplan: "",
  tfstate: "{}",
  "tfstate-prev": "{}",
  ".terraform.lock.hcl": "",
  "tfconfig/modules.json": '[{"Key":"","Dir":"."}]',
  "tfconfig/m-/cdk.tf.json": SYNTHESIZED,
  "tfconfig/m-/versions.tf": VERSIONS,
};

/** A saved plan with these files; without those that are undefined. */
const verified = (more: Readonly<Record<string, string | undefined>> = {}) => {
  const files = Object.entries({ ...FILES, ...more }).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, strToU8(text)]],
  );
  return verifyConfiguration(zipSync(Object.fromEntries(files)), EXPECTED);
};

const edited = (blocks: object) => JSON.stringify({ ...(JSON.parse(SYNTHESIZED) as object), ...blocks });

describe("the configuration in a saved plan", () => {
  it("is verified if it has the bytes that synth writes, or those of the review pack alone", () => {
    expect(verified()).toBe("verified");
    expect(verified({ "tfconfig/m-/cdk.tf.json": "{}", "tfconfig/m-/versions.tf": undefined })).toBe("verified");
  });

  it.each<[string, Readonly<Record<string, string | undefined>>, readonly string[]]>([
    ["a removed block", { "tfconfig/m-/cdk.tf.json": edited({ removed: [{ from: "aws_iam_user.user" }] }) }, ["removed"]],
    [
      "an import block",
      { "tfconfig/m-/cdk.tf.json": edited({ import: [{ to: "aws_iam_group.group", id: "admins" }] }) },
      ["import"],
    ],
    ["a check block", { "tfconfig/m-/cdk.tf.json": edited({ check: { x: [{ data: {} }] } }) }, ["check.x"]],
    [
      "a data source",
      { "tfconfig/m-/cdk.tf.json": edited({ data: { external: { x: { program: ["sh"] } } } }) },
      ["data.external.x"],
    ],
    [
      "another provider",
      { "tfconfig/m-/cdk.tf.json": edited({ provider: { aws: [{ region: "eu-central-1", access_key: "x" }] } }) },
      ["provider.aws"],
    ],
    ["a module", { "tfconfig/m-/cdk.tf.json": edited({ module: { x: { source: "./x" } } }) }, ["module.x.source"]],
    ["an output", { "tfconfig/m-/cdk.tf.json": edited({ output: { leak: { value: "x" } } }) }, ["output.leak.value"]],
    [
      "a backend",
      { "tfconfig/m-/cdk.tf.json": edited({ terraform: { backend: { http: { address: "https://example.com" } } } }) },
      ["terraform.backend.http"],
    ],
    [
      "two keys of one name, which Terraform reads as two blocks",
      { "tfconfig/m-/cdk.tf.json": SYNTHESIZED.replace("{", '{"resource":{},') },
      ["the text of cdk.tf.json"],
    ],
    ["white space", { "tfconfig/m-/cdk.tf.json": `${SYNTHESIZED}\n` }, ["the text of cdk.tf.json"]],
    ["no configuration", { "tfconfig/m-/cdk.tf.json": undefined }, ["no cdk.tf.json"]],
    ["a further file", { "tfconfig/m-/override.tf.json": "{}" }, ["the file tfconfig/m-/override.tf.json"]],
    ["HCL in place of JSON", { "tfconfig/m-/cdk.tf": "" }, ["the file tfconfig/m-/cdk.tf"]],
    ["a file of a module", { "tfconfig/m-x/main.tf": "" }, ["the file tfconfig/m-x/main.tf"]],
    ["a list of more modules", { "tfconfig/modules.json": '[{"Key":""},{"Key":"x"}]' }, ["modules"]],
    ["another required version", { "tfconfig/m-/versions.tf": "" }, ["the text of versions.tf"]],
  ])("differs by %s", (_, files, differences) => {
    expect(verified(files)).toEqual({ differences });
  });

  it("is unreadable in what is no archive", () => {
    expect(verifyConfiguration(strToU8("PK\u0003\u0004"), EXPECTED)).toEqual({
      differences: ["the configuration in the plan cannot be read"],
    });
  });
});
