import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import { DKP_ACCESS, runIn, Terraform } from "./support/terraform";

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

  it("has the key in no file", () => {
    const deployments = Deployments.of(
      `${SETTINGS}user: { name: reader }\npolicy: { name: reader }\n`,
    );
    const terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
    const { accessKeyId, secretAccessKey } = terraform.key();
    const pages = contentsOf(pack(deployments, "deckhouse")).join();
    expect(secretAccessKey).toHaveLength(40);
    expect([accessKeyId, secretAccessKey].filter((part) => pages.includes(part))).toEqual([]);
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
