import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DetachUserPolicyCommand,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { LocalAws } from "./support/local-aws";
import { Checkout, gitHubJob, gitLabJob } from "./support/pipeline";
import { folder, PROJECT, removeFolders } from "./support/project";
import { type Finished, terraformEnvironment } from "./support/terraform";

const GITLAB = "docs/pipelines/gitlab-ci.yml";
const WORKFLOWS = ["docs/pipelines/github-actions.yml", ".github/workflows/ci.yml"];

describe("the pipeline files", () => {
  it.each([
    ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", GITLAB],
    ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ...WORKFLOWS],
    ["actionlint", "-no-color", ...WORKFLOWS],
    ["shellcheck", "--norc", "scripts/pipeline.sh"],
  ])("pass %s %s %s", (program, ...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: PROJECT, encoding: "utf8" });
    expect({ status, output: status === 0 ? "" : `${stdout}${stderr}` }).toEqual({ status: 0, output: "" });
  });

  it.each(WORKFLOWS)("pin every action to a commit: %s", (path) => {
    const uses = readFileSync(join(PROJECT, path), "utf8").match(/uses: .*/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });
});

describe("a second reviewer on GitLab", () => {
  it.each([
    ["is not needed when permissions stay", "0", "", 0],
    ["is needed when permissions grow", "2", "bug,dkp-second-reviewer", 2],
    ["is needed when something dangerous is planned", "3", "", 3],
    ["has looked at it once the label is set", "3", "bug,dkp-second-review", 0],
    ["is needed when there is no verdict", "", "", 1],
  ])("%s", (_, VERDICT, CI_MERGE_REQUEST_LABELS, status) => {
    const { PATH = "" } = process.env;
    expect(gitLabJob(folder(), "second-reviewer", { PATH, VERDICT, CI_MERGE_REQUEST_LABELS }).status).toBe(status);
    removeFolders();
  });
});

/** What docs/pipelines.md says that the role which plans needs. */
const READING = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::state" },
    { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::state/deckhouse/terraform.tfstate" },
    {
      Effect: "Allow",
      Action: ["iam:GetUser", "iam:ListAccessKeys", "iam:ListAttachedUserPolicies", "iam:GetPolicy", "iam:GetPolicyVersion"],
      Resource: "*",
    },
  ],
};

/** The credentials that a job starts with: a token to take a role with on GitLab, the role's on GitHub. */
const SYSTEMS = [
  {
    system: "GitLab",
    run: gitLabJob,
    planOnMain: "plan-main",
    words: "pipeline.out/review.md",
    verdict: "pipeline.out/verdict.env",
    credentials: {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_ID_TOKEN: "token",
      PLAN_ROLE_ARN: "arn:aws:iam::123456789012:role/plan",
      APPLY_ROLE_ARN: "arn:aws:iam::123456789012:role/apply",
    },
  },
  { system: "GitHub", run: gitHubJob, planOnMain: "plan", words: "summary", verdict: "output", credentials: {} },
] as const;

describe.each(SYSTEMS)("the jobs for $system, run in a checkout", ({ run, planOnMain, words, verdict, credentials }) => {
  let aws: LocalAws;
  let checkout: Checkout;
  let runner: string;
  let environment: Record<string, string>;

  const job = (name: string, more: Readonly<Record<string, string>> = {}): Finished =>
    run(checkout.path, name, { ...environment, ...credentials, ...more });
  const succeed = (name: string, more: Readonly<Record<string, string>> = {}): string => {
    const { status, output } = job(name, more);
    if (status !== 0) {
      throw new Error(`${name} ended with ${status}:\n${output}`);
    }
    return output;
  };
  const text = (path: string): string => readFileSync(join(checkout.path, path), "utf8");
  const encrypted = (): string => join(checkout.path, "pipeline.out/plan.cms");
  const terraform = (...args: string[]): string =>
    checkout.run(environment, "terraform", `-chdir=cdktf.out/stacks/deckhouse`, ...args);
  const keys = async () => (await aws.iam().send(new ListAccessKeysCommand({ UserName: "deckhouse" }))).AccessKeyMetadata ?? [];

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.makeBucket("state");
    runner = folder();
    checkout = new Checkout(
      "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1, use_path_style: true } }\n",
    );
    const key = join(runner, "plan.key");
    environment = {
      ...terraformEnvironment(aws),
      AWS_ENDPOINT_URL_STS: aws.url, // Terraform takes a role before it knows of the address for all services
      TF_CLI_ARGS_plan: "-no-color",
      TF_CLI_ARGS_apply: "-no-color",
      GITHUB_STEP_SUMMARY: "summary",
      GITHUB_OUTPUT: "output",
      PLAN_KEY: key,
    };
    const certificate = ["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "2", "-subj", "/CN=plan"];
    checkout.run(environment, "openssl", ...certificate, "-keyout", key, "-out", "plan.pem");
    environment.KEY = readFileSync(key, "utf8").trim();
    checkout.run(environment, "npm", "run", "--silent", "synth");
    checkout.run(environment, "npm", "run", "--silent", "review");
    terraform("init", "-backend=false");
    const lock = "locks/deckhouse.terraform.lock.hcl";
    cpSync(join(checkout.path, "cdktf.out/stacks/deckhouse/.terraform.lock.hcl"), join(checkout.path, lock));
    checkout.commit();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  afterEach(() => {
    expect(existsSync(join(checkout.path, "cdktf.out/stacks/deckhouse/plan"))).toBe(false);
  });

  it("a plan in a merge request is told in words, with how the pack changed, and is not kept", async () => {
    const merge = { AGAINST: "HEAD", CI_MERGE_REQUEST_DIFF_BASE_SHA: "HEAD" };
    expect(succeed("plan", merge)).toContain("Plan: 4 to add, 0 to change, 0 to destroy.");
    expect(text(words).split("\n").slice(0, 2)).toEqual(["<!-- dkp-access deckhouse -->", "## Plan of `deckhouse`"]);
    expect(text(words)).toContain("\n**Permissions grow: this needs a second reviewer.**\n");
    expect(text(words)).toContain("\n### Review pack\n");
    expect(text(verdict)).toBe("VERDICT=2\nCHANGES=true\n");
    expect(existsSync(encrypted())).toBe(false);
    expect(await aws.objects("state")).toEqual([]);
  });

  it("what is applied on main is the plan that was saved, and nothing else", async () => {
    succeed(planOnMain, { PLAN_CERTIFICATE: "plan.pem" });
    expect(succeed("apply")).toContain("Apply complete! Resources: 4 added, 0 changed, 0 destroyed.");
    expect(await keys()).toHaveLength(1);
  });

  it("a plan that was applied already is refused", () => {
    const { status, output } = job("apply");
    expect(status).toBe(1);
    expect(output).toContain("Saved plan is stale");
  });

  it("the next plan, which holds the secret, leaves it nowhere in clear", () => {
    succeed(planOnMain, { PLAN_CERTIFICATE: "plan.pem" });
    expect(text(verdict)).toMatch(/CHANGES=false\n$/);
    const outputs = JSON.parse(terraform("output", "-json")) as Readonly<Record<string, { readonly value: string }>>;
    const { secret_access_key: secret } = outputs;
    expect(terraform("state", "pull")).toContain(secret?.value);
    expect(checkout.contains(secret?.value ?? "")).toBe(false);
  });

  it("a saved plan that was tampered with is refused", () => {
    const plan = readFileSync(encrypted());
    plan.writeUInt8(plan.readUInt8(plan.length - 100) ^ 1, plan.length - 100);
    writeFileSync(encrypted(), plan);
    const { status, output } = job("apply");
    expect(status).not.toBe(0);
    expect(output).not.toContain("Apply complete");
  });

  it("drift ends well as long as there is none", () => {
    expect(succeed("drift")).toContain("No changes.");
  });

  it("a role that can only read what the documentation lists will do for it", async () => {
    const iam = aws.iam();
    await iam.send(new CreateUserCommand({ UserName: "reader" }));
    await iam.send(new PutUserPolicyCommand({ UserName: "reader", PolicyName: "read", PolicyDocument: JSON.stringify(READING) }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "reader" }));
    await aws.enforceIam(true);
    const { AccessKeyId = "", SecretAccessKey = "" } = { ...AccessKey };
    const { output } = job("drift", { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey });
    await aws.enforceIam(false);
    expect(output).toContain("No changes.");
  });

  it("drift fails once somebody has changed something by hand, and changes nothing itself", async () => {
    const PolicyArn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
    await aws.iam().send(new DetachUserPolicyCommand({ UserName: "deckhouse", PolicyArn }));
    await aws.calls();
    const { status, output } = job("drift");
    expect({ status, output }).toEqual({
      status: 2,
      output: expect.stringContaining("Plan: 1 to add, 0 to change, 0 to destroy."),
    });
    expect((await aws.changes()).filter((action) => !/^(GET|HEAD|AssumeRole)/.test(action))).toEqual([]);
  });
});
