import { cpSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { blocksOf } from "../helpers/blocks";
import { PROJECT } from "../helpers/project-root";
import { install, linkPackages, packProject } from "./support/consumer";
import { LocalAws } from "./support/local-aws";
import { copyOfProject, Deployments, EXAMPLE, folder, write } from "./support/project";
import {
  ended,
  jsonOf,
  mustSucceed,
  PATH_STYLE,
  runIn,
  Terraform,
  terraformEnvironment,
} from "./support/terraform";

const DOCUMENT = readFileSync(join(PROJECT, "docs/how-to/cdktn.md"), "utf8");

/** The migrations of a repository and of a checkout to CDK Terrain, and the one to HCL. */
const [REPOSITORY = "", MOVE = "", HCL = ""] = blocksOf("docs/how-to/cdktn.md");

const MOVED = [
  ".npmrc",
  ".nvmrc",
  "__tests__",
  "bench",
  "biome.json",
  "deployments/schema.json",
  "docs",
  "jest.config.mjs",
  "package-lock.json",
  "packages",
];

const DIFFERENT_LINES = [{ cdktf: '"version": "0.21.0"', cdktn: '"version": "0.24.0"' }];

const NODE_22 = `node-${process.platform}-${process.arch}@22.23.3`;

const BACKEND = "backend: { s3: { bucket: example-terraform-state, region: eu-central-1 } }";

/** These deployments together use every construct, every output and both kinds of state block. */
const SETTINGS = {
  deckhouse: EXAMPLE,
  scoped: `
region: us-gov-west-1
accountId: "123456789012"
cloud: { organization: org, workspaces: { name: scoped } }
provider: { profile: admin, assumeRoleArn: "arn:aws-us-gov:iam::123456789012:role/terraform" }
tags: { team: platform }
user: { name: scoped, path: /dkp/, permissionsBoundary: "arn:aws-us-gov:iam::123456789012:policy/boundary" }
policy: { name: Scoped, mode: scoped }
cluster: { prefix: dev, layout: Standard }
nodeRole: { name: dkp-nodes, additionalActions: ["s3:GetObject"], managedPolicyArns: ["arn:aws-us-gov:iam::aws:policy/AmazonSSMManagedInstanceCore"] }
`,
  rotation: `region: eu-central-1\n${BACKEND}\naccessKeys: { managedBy: rotate }\nuser: { name: rotation }\npolicy: { name: Rotation }\n`,
  imported: `region: eu-central-1\nbackend: { local: {} }\nimport: { user: true, policy: true, attachment: true }\nuser: { name: imported }\npolicy: { name: Imported }\n`,
};

describe("the migrations from CDKTF in docs/how-to/cdktn.md", () => {
  let aws: LocalAws;
  let moved: string;
  let withNode22: Record<string, string>;
  let before: Deployments;
  let after: string;

  const inS3 = () => ({
    ...terraformEnvironment(aws),
    TF_CLI_ARGS_init: PATH_STYLE,
  });

  beforeAll(async () => {
    withNode22 = { PATH: [folderOfNode22(), process.env.PATH].join(delimiter) };
    moved = copyOfProject({ installed: false });
    for (const part of MOVED) {
      cpSync(join(PROJECT, part), join(moved, part), { recursive: true });
    }
    linkPackages(PROJECT, moved);
    mustSucceed(runIn(moved, { ...process.env, ...withNode22 }, "sh", "-e", "-c", MOVE));
    aws = await LocalAws.start();
    await aws.createBucket("example-terraform-state");
    before = Deployments.of(SETTINGS);
    const terraform = before.terraform(aws);
    terraform.init(PATH_STYLE);
    terraform.apply();
    after = folder(
      Object.fromEntries(
        Object.entries(SETTINGS).map(([stack, text]) => [`deployments/${stack}.yaml`, text]),
      ),
    );
    mustSucceed(runIn(after, withNode22, "node", join(moved, "build/main.js")));
  });

  it("installs no package of CDKTF, and changes no source file", () => {
    const packages = jsonOf(
      moved,
      { ...process.env, ...withNode22 },
      "npm",
      "query",
      "*",
    ) as readonly {
      readonly name: string;
    }[];
    const names = packages.map(({ name }) => name);
    expect(names.filter((name) => /^(@cdktf\/.*|cdktf(-cli)?)$/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(["cdktn", "@cdktn/provider-aws", "cdktn-cli"]));
    const difference = runIn(
      PROJECT,
      process.env,
      "diff",
      "--recursive",
      "src",
      join(moved, "src"),
    );
    expect(difference).toEqual({ status: 0, output: "" });
  });

  it.each(Object.keys(SETTINGS))(
    "CDK Terrain writes the same JSON except the documented lines: %s",
    (stack) => {
      const lines = (path: string) =>
        readFileSync(join(path, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8").split("\n");
      const [ours, theirs] = [lines(before.path), lines(after)];
      expect(theirs).toHaveLength(ours.length);
      const different = ours.flatMap((cdktf, index) => {
        const cdktn = theirs[index] ?? "";
        return cdktf === cdktn ? [] : [{ cdktf: cdktf.trim(), cdktn: cdktn.trim() }];
      });
      expect(different).toEqual(DIFFERENT_LINES);
    },
  );

  it("the documentation lists these lines", () => {
    for (const { cdktf, cdktn } of DIFFERENT_LINES) {
      expect(DOCUMENT).toContain(`\`${cdktf}\` to \`${cdktn}\``);
    }
  });

  it("CDK Terrain passes the unit tests of stacks and backends", () => {
    const tests = ["npm", "test", "--", "stack.test", "constructs.test"] as const;
    expect(runIn(moved, { ...process.env, ...withNode22 }, ...tests)).toEqual(
      ended(0, "2 passed, 2 total"),
    );
  });

  it("CDK Terrain's command has no changes after an apply of CDKTF's JSON", () => {
    const environment = { ...inS3(), ...withNode22, FORCE_COLOR: "0", CI: "1" };
    const deploy = ["deploy", "deckhouse", "--auto-approve", "--skip-provider-lock"];
    const finished = runIn(moved, environment, join(moved, "node_modules/.bin/cdktn"), ...deploy);
    expect(finished).toEqual(ended(0, "No changes"));
  });

  it("CDKTF has no changes after an apply of CDK Terrain's JSON, which is the way back", () => {
    const [theirs, ours] = [
      join(after, "cdktf.out/stacks/rotation"),
      before.terraform(aws, "rotation"),
    ];
    const terraform = new Terraform(theirs, aws);
    terraform.init(PATH_STYLE);
    expect(terraform.apply()).toContain("3 added, 0 changed, 0 destroyed");
    ours.init(PATH_STYLE);
    expect(ours.isUpToDate()).toBe(true);
  });

  it("a repository of dkp-access init --cdktf has no changes after its move either", () => {
    const repository = join(folder(), "acme");
    const run = (program: string, ...args: string[]) => {
      return mustSucceed(
        runIn(repository, { ...process.env, ...inS3(), ...withNode22 }, program, ...args),
      );
    };
    mustSucceed(
      runIn(PROJECT, process.env, "node", "bin/dkp-access", "init", repository, "--cdktf"),
    );
    const [, version] =
      /dkp-access-(.+)\.tgz/.exec(readFileSync(join(repository, "package.json"), "utf8")) ?? [];
    packProject(repository, version);
    write(repository, { "deployments/deckhouse.yaml": EXAMPLE });
    install(repository);
    run("sh", "-ec", REPOSITORY);
    const json = "cdktf.out/stacks/deckhouse/cdk.tf.json";
    const ofCdktn = readFileSync(join(after, json), "utf8");
    expect(readFileSync(join(repository, json), "utf8")).toBe(ofCdktn);
    run("sh", "-c", `rm ${json} && npx tsc && node build/main.js`);
    expect(readFileSync(join(repository, json), "utf8")).toBe(ofCdktn);
    run("terraform", "-chdir=cdktf.out/stacks/deckhouse", "init", "-no-color");
    expect(run("terraform", "-chdir=cdktf.out/stacks/deckhouse", "plan", "-no-color")).toContain(
      "No changes",
    );
  });

  it("CDKTF's HCL has no changes after an apply of its JSON", () => {
    const finished = runIn(copyOfProject(), inS3(), "sh", "-e", "-c", HCL);
    expect(finished).toEqual(ended(0, "No changes"));
  });
});

/** The Node.js that runs this test, or version 22 from npm. */
function folderOfNode22() {
  if (Number.parseInt(process.versions.node, 10) >= 22) {
    return dirname(process.execPath);
  }
  const tools = folder();
  const { status, output } = runIn(
    tools,
    process.env,
    "npm",
    "install",
    "--no-save",
    "--prefix",
    tools,
    NODE_22,
  );
  if (status !== 0) {
    throw new Error(
      `CDK Terrain needs Node.js 22 or newer: this is ${process.version}, and npm can't install ${NODE_22}; run the tests with Node.js 22, or let npm reach its registry\n${output}`,
    );
  }
  return join(tools, "node_modules", NODE_22.replace(/@.*/, ""), "bin");
}
