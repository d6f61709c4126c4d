import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hclValue } from "../../src/cli/text/hcl";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import { DKP_ACCESS, runIn, Terraform } from "./support/terraform";

/**
 * The variant keeps the secret out of the state of the workspace; all lines below this one are
 * comments.
 */
const WRITE_ONLY_VARIANT =
  "VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { s3: { bucket: state, region: eu-central-1, use_path_style: true } }
`;
const FULL = `${SETTINGS}policy: { mode: scoped }
cluster: { prefix: dev, layout: Standard }
nodeRole: { name: dkp-nodes }
`;

function pack(deployments: Deployments, stack: string, environment: Record<string, string> = {}) {
  const { status, output } = runIn(deployments.path, environment, ...DKP_ACCESS, "review");
  expect({ status, output }).toMatchObject({ status: 0 });
  return join(deployments.path, "review", stack);
}

/**
 * `consumer.tf` changed as its comment describes: without the secret's variable and the outputs,
 * with the variant uncommented.
 */
function writeOnlyVariant(consumer: string) {
  const [head = "", variant = ""] = consumer.split(`# ${WRITE_ONLY_VARIANT}\n`);
  const kept = head
    .replace(/^variable "dkp_secret_access_key" \{\n.*?\n\}\n\n/ms, "")
    .split("# The provider block of DKP's")[0];
  const hcl = variant.slice(variant.indexOf("#\n") + 2).replaceAll(/^# ?/gm, "");
  return `${kept}${hcl}`;
}

const contentsOf = (path: string) =>
  readdirSync(path).map((name) => readFileSync(join(path, name), "utf8"));

function plan(terraform: Terraform) {
  terraform.run("plan", "-out=plan");
  const { planned_values, resource_changes, output_changes } = JSON.parse(
    terraform.run("show", "-json", "plan"),
  );
  return { planned_values, resource_changes, output_changes };
}

describe("the review pack", () => {
  let aws: LocalAws;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket("state");
  });

  it("contains the applied configuration in main.tf.json: the same plan, and no changes afterwards", () => {
    const deployments = Deployments.of({ full: FULL });
    const applied = deployments.terraform(aws, "full");
    const json = readFileSync(join(pack(deployments, "full"), "main.tf.json"), "utf8");
    const reviewed = new Terraform(folder({ "main.tf.json": json }), aws);
    applied.init();
    reviewed.init();
    expect(plan(reviewed)).toEqual(plan(applied));
    reviewed.apply();
    expect(applied.isUpToDate()).toBe(true);
  });

  describe("consumer.tf", () => {
    const NAMES = `${SETTINGS}user: { name: reader }\npolicy: { name: reader }\n`;
    const WITHOUT_SECRET = `${NAMES}outputs: { secret: false }\n`;

    const consumerOf = (settings: string, variant = (text: string) => text) => {
      const deployments = Deployments.of(settings);
      const terraform = deployments.terraform(aws);
      terraform.init();
      terraform.apply();
      const path = pack(deployments, "deckhouse");
      const main = variant(readFileSync(join(path, "consumer.tf"), "utf8"));
      const consumer = new Terraform(folder({ "main.tf": main }), aws);
      consumer.run("fmt", "-check");
      consumer.init();
      consumer.run("validate");
      return { terraform, consumer, contents: contentsOf(path) };
    };

    it("builds DKP's provider block; the key is in its own state, and in no file of the review pack", () => {
      const { terraform, consumer, contents } = consumerOf(NAMES);
      consumer.apply();
      const { accessKeyId, secretAccessKey } = terraform.key();
      expect(consumer.output("dkp_provider")).toBe(
        `"provider":\n  "providerAccessKeyId": "${accessKeyId}"\n  "providerSecretAccessKey": "${secretAccessKey}"\n  "region": "eu-central-1"\n`,
      );
      expect(consumer.state()).toContain(secretAccessKey);
      expect(secretAccessKey).toHaveLength(40);
      expect(
        contents.filter((text) => text.includes(secretAccessKey) || text.includes(accessKeyId)),
      ).toEqual([]);
    });

    it("reads the secret from a variable with outputs.secret: false, and not from the state", () => {
      const { terraform, consumer } = consumerOf(WITHOUT_SECRET);
      consumer.apply("-var=dkp_secret_access_key=from-a-vault");
      expect(consumer.output("dkp_provider")).toContain(
        '"providerSecretAccessKey": "from-a-vault"',
      );
      const [, secret = ""] = /"secret": "([^"]{40})"/.exec(terraform.state()) ?? [];
      expect(secret).toHaveLength(40);
      expect(consumer.state()).not.toContain(secret);
    });

    it("has a variant that keeps the secret out of the reader's state and plan", () => {
      const provider = 'provider "aws" {\n  region = "eu-central-1"\n}\n';
      const { consumer: reader } = consumerOf(
        WITHOUT_SECRET,
        (consumer) => `${writeOnlyVariant(consumer)}\n${provider}`,
      );
      const secret = "a-secret-that-must-not-be-stored";
      const variables = (value: string) => [
        `-var=dkp_secret_access_key=${value}`,
        "-var=dkp_secret_version=1",
      ];
      reader.run("plan", "-out=plan", ...variables(secret));
      expect(reader.run("show", "-json", "plan")).not.toContain(secret);
      reader.apply(...variables(secret));
      expect(reader.state()).toContain('"secret_string_wo_version": 1');
      expect(reader.state()).not.toContain(secret);
      expect(reader.isUpToDate(...variables("placeholder"))).toBe(true);
    });

    it("has strings that Terraform reads unchanged, with control characters and template sequences", () => {
      const controls = "\b\f\n\r\t\u0000\u001f\u007f\u0085\u2028\u202e\u{e0001}\u{1f600}";
      const strings = [controls, '"\\\\b', ...["$", "%", "$$"].map((sign) => `${sign}{a} ${sign}`)];
      const reader = new Terraform(
        folder({ "main.tf": `output "strings" {\n  value = ${hclValue(strings)}\n}\n` }),
        aws,
      );
      reader.run("fmt", "-check");
      reader.apply();
      expect(reader.outputs()).toEqual({ strings });
    });
  });
});

describe("the review pack of the same settings", () => {
  it("has the same bytes in another folder, time zone and locale, and no absolute path", () => {
    const packIn = (environment: Record<string, string>) => {
      const deployments = Deployments.of({ full: FULL });
      const folderOfPack = pack(deployments, "full", environment);
      expect(
        contentsOf(folderOfPack).filter(
          (text) => text.includes(tmpdir()) || text.includes(PROJECT),
        ),
      ).toEqual([]);
      return contentsOf(folderOfPack);
    };
    const here = packIn({ TZ: "UTC", LC_ALL: "C" });
    expect(here.length).toBeGreaterThan(5);
    expect(packIn({ TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8", HOME: "/nowhere" })).toEqual(here);
  });
});
