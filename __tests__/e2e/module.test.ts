import { LocalAws } from "./support/local-aws";
import { Deployments, write } from "./support/project";
import { DKP_ACCESS, mustSucceed, runIn, Terraform } from "./support/terraform";

const NAMES = ["dkp-dev", "dkp-test"];

const ROOT = `provider "aws" {
  region = "eu-central-1"
}
module "access" {
  source      = "./cdktf.out/modules/dkp"
  for_each    = toset(${JSON.stringify(NAMES)})
  user_name   = each.key
  policy_name = each.key
}
output "user_arns" {
  value = { for name, access in module.access : name => access.user_arn }
}
output "keys" {
  value     = { for name, access in module.access : name => access.secret_access_key }
  sensitive = true
}
`;

describe("the module that synth --module writes", () => {
  it.each([
    ["documented", 8, ""],
    ["scoped", 12, "cluster: { prefix: dkp }\n"],
  ])("is planned and applied with for_each over two names: %s", async (mode, resources, more) => {
    const aws = await LocalAws.start();
    const settings = `region: eu-central-1\nbackend: { local: {} }\npolicy: { mode: ${mode} }\n${more}`;
    const { path } = Deployments.of({ dkp: settings });
    mustSucceed(runIn(path, { PATH: process.env.PATH }, ...DKP_ACCESS, "synth", "--module"));
    write(path, { "main.tf": ROOT });
    const terraform = new Terraform(path, aws);
    terraform.init();
    expect(terraform.run("plan")).toContain(
      `Plan: ${resources} to add, 0 to change, 0 to destroy.`,
    );
    terraform.apply();
    expect(terraform.outputs().user_arns).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, `arn:aws:iam::123456789012:user/${name}`])),
    );
    expect(terraform.isUpToDate()).toBe(true);
  });
});
