import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { rows } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { FaultProxy } from "./support/fault-proxy";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Checkout, createLock, descendants, gitHub, gitLab, runSteps, startStep } from "./support/pipeline";
import { folder } from "./support/project";
import { type Finished, outputOf, terraformEnvironment } from "./support/terraform";

const GITLAB = "docs/pipelines/gitlab-ci.yml";
const OWN_WORKFLOWS = ["ci", "codeql", "dependency-review", "release", "upstream"].map((name) => `.github/workflows/${name}.yml`);
const WORKFLOWS = ["docs/pipelines/github-actions.yml", ...OWN_WORKFLOWS];

describe("the pipeline files", () => {
  it.each([
    ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", GITLAB],
    ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ...WORKFLOWS],
    ["actionlint", "-no-color", ...WORKFLOWS],
    ["zizmor", "--offline", "--no-progress", "--min-severity=medium", ...WORKFLOWS],
    ["shellcheck", "--norc", "scripts/pipeline.sh"],
  ])("pass %s %s %s", (program, ...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: PROJECT, encoding: "utf8" });
    expect({ status, output: status === 0 ? "" : `${stdout}${stderr}` }).toEqual({ status: 0, output: "" });
  });
});

describe("a checkout for a job", () => {
  const git = (path: string, ...args: readonly string[]) => spawnSync("git", args, { cwd: path, encoding: "utf8" });
  const prepare = (tracked: Readonly<Record<string, string>>): { readonly path: string; readonly finished: Finished } => {
    const path = folder({ "package-lock.json": "{}", "review/build/main.tf.json": "{}", ...tracked });
    git(path, "init", "--quiet");
    git(path, "add", "--all", "--force");
    cpSync(join(PROJECT, "scripts/pipeline.sh"), join(path, "scripts/pipeline.sh"));
    git(path, "add", "scripts");
    const variables = { PATH: process.env.PATH ?? "" };
    mkdirSync(join(path, "node_modules/commander/.git"), { recursive: true });
    writeFileSync(join(path, "node_modules/commander/index.js"), "");
    mkdirSync(join(path, "pipeline.out"), { recursive: true });
    writeFileSync(join(path, "pipeline.out/plan.cms"), "");
    writeFileSync(join(path, "pipeline.out/review.md"), "");
    const step = { program: "sh", args: ["scripts/pipeline.sh", "prepare"], variables, always: false };
    return { path, finished: runSteps(path, [step]) };
  };

  it("has nothing that git does not track, but the plan of an earlier job", () => {
    const { path, finished } = prepare({});
    expect(finished).toEqual({ status: 0, output: "" });
    expect(readdirSync(path).sort()).toEqual([".git", "package-lock.json", "pipeline.out", "review", "scripts"]);
    expect(readdirSync(join(path, "pipeline.out"))).toEqual(["plan.cms"]);
  });

  it.each([
    "npm-shrinkwrap.json",
    "build/node_modules/commander/index.js",
    "src/node_modules/commander/index.js",
    "cdktf.out/stacks/prod/.terraform/providers/x",
    "pipeline.out/plan.cms",
  ])("is rejected when git tracks %s", (file) => {
    expect(prepare({ [file]: "" }).finished).toEqual({
      status: 1,
      output: `pipeline.sh: git tracks files that would run or be planned unseen; remove them with git rm -r --cached:\n${file}\n`,
    });
  });
});

const COMMIT = "1".repeat(40);

describe("a second reviewer on GitLab", () => {
  const review = (variables: Readonly<Record<string, string>>): Finished => {
    const path = folder();
    return runSteps(path, gitLab(path, "second-reviewer", { PATH: process.env.PATH ?? "", ...variables }).slice(0, 1));
  };

  it.each([
    ["is not required when permissions stay the same", "0", "", 0],
    ["is required when permissions are broadened", "2", "bug,dkp-second-reviewer", 2],
    ["is required for a breaking change", "3", "", 3],
    ["has approved the commit that the label names", "3", `bug,dkp-second-review-${COMMIT}`, 0],
    ["is required again for another commit", "3", `dkp-second-review-${COMMIT.replace("1", "2")}`, 3],
    ["is required when the label names no commit", "3", "bug,dkp-second-review", 3],
    ["is required when there is no verdict", "", "", 1],
  ])("%s", (_, VERDICT, CI_MERGE_REQUEST_LABELS, status) => {
    expect(review({ VERDICT, CI_MERGE_REQUEST_LABELS, CI_COMMIT_SHA: COMMIT }).status).toBe(status);
  });

  it("approves the commit of the source branch when the pipeline runs on a merge result", () => {
    const commits = { CI_COMMIT_SHA: "f".repeat(40), CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: COMMIT };
    expect(review({ VERDICT: "2", CI_MERGE_REQUEST_LABELS: "", ...commits })).toEqual({
      status: 2,
      output: `a second reviewer must approve this commit: set the label dkp-second-review-${COMMIT} and run the pipeline again\n`,
    });
  });
});

/** The permissions of the role that plans. */
const PLANNER = "review/deckhouse/planner-policy.json";

/** Has a job encrypt what contains a secret. */
const CERTIFICATE = { PLAN_CERTIFICATE: "plan.pem" };

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1, use_path_style: true } }\n";

/** All permissions of an apply, except writing the state. */
const WITHOUT_STATE = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["iam:*", "s3:ListBucket", "s3:GetObject", "s3:DeleteObject"], Resource: "*" },
    { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::state/deckhouse/terraform.tfstate.tflock" },
  ],
};

const NOT_VERIFIED =
  "pipeline.sh: deckhouse: the saved plan is not verified to be of the reviewed configuration, its backend and its state; nothing is applied; plan this commit again\n";

const variablesOf = ({ accessKeyId, secretAccessKey }: Credentials) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

/** On GitLab, the key of the environment instead of a role. */
const DIRECT_KEY = { APPLY_ROLE_ARN: "" };

/** A promise, and what fulfils it. */
function signal(): readonly [Promise<void>, () => void] {
  let fulfil = () => {};
  const promise = new Promise<void>((resolve) => {
    fulfil = resolve;
  });
  return [promise, fulfil];
}

/** The credentials of a job: on GitLab a token to assume a role with, on GitHub those of the role. */
const ALL_SYSTEMS = [
  {
    system: "GitLab",
    steps: gitLab,
    // The runner signals every process in the job's container but the first, the youngest first, one right after the other.
    cancel: (pid: number) => [["TERM", ...descendants(pid)]],
    planOnMain: "plan-main",
    words: "pipeline.out/review.md",
    credentials: {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_ID_TOKEN: "token",
      PLAN_ROLE_ARN: "arn:aws:iam::123456789012:role/plan",
      APPLY_ROLE_ARN: "arn:aws:iam::123456789012:role/apply",
    },
  },
  {
    system: "GitHub",
    steps: gitHub,
    // The runner signals the process of the step, and again when it has not ended soon.
    cancel: (pid: number) => [
      ["INT", pid],
      ["TERM", pid],
    ],
    planOnMain: "plan",
    words: "summary",
    credentials: {},
  },
] as const;
const SYSTEMS = rows(ALL_SYSTEMS, 2);

describe.each(SYSTEMS)("the jobs for $system, run in a checkout", ({ steps, cancel, planOnMain, words, credentials }) => {
  let aws: LocalAws;
  let checkout: Checkout;
  let runner: string;
  let environment: Record<string, string>;

  const job = (name: string, more: Readonly<Record<string, string>> = {}): Finished => {
    if (name.startsWith("plan")) {
      // As `prepare` does.
      rmSync(join(checkout.path, "pipeline.out"), { recursive: true, force: true });
    }
    return runSteps(checkout.path, steps(checkout.path, name, { ...environment, ...credentials, ...more }));
  };
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
  const plaintextState = () => join(checkout.path, "cdktf.out/stacks/deckhouse/errored.tfstate");
  const script = (...args: string[]) => ({
    program: "sh",
    args: ["scripts/pipeline.sh", ...args],
    variables: { PATH: process.env.PATH ?? "" },
    always: false,
  });
  const terraformSecret = (): string => {
    const outputs = JSON.parse(terraform("output", "-json")) as Readonly<Record<string, { readonly value: string }>>;
    return outputs.secret_access_key?.value ?? "";
  };
  /** Changes the settings as a merge does. */
  const change = (more: string) => {
    writeFileSync(join(checkout.path, "deployments/deckhouse.yaml"), `${SETTINGS}${more}\n`);
    checkout.run(environment, "npm", "run", "--silent", "review");
  };
  const plan = () => succeed(planOnMain, CERTIFICATE);
  /** Plans and applies changed settings. */
  const deploy = (more: string): string => {
    change(more);
    plan();
    return succeed("apply");
  };
  const keys = async () => (await aws.iam().listAccessKeys({ UserName: "deckhouse" })).AccessKeyMetadata ?? [];

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket("state");
    runner = folder();
    checkout = new Checkout({ deckhouse: SETTINGS });
    const key = join(runner, "plan.key");
    environment = {
      ...terraformEnvironment(aws),
      AWS_ENDPOINT_URL_STS: aws.url, // Terraform assumes the role before it reads the endpoint of all services
      TF_CLI_ARGS_plan: "-no-color",
      TF_CLI_ARGS_apply: "-no-color",
      GITHUB_STEP_SUMMARY: "summary",
      STACK: "deckhouse",
      PLAN_KEY: key,
    };
    const certificate = ["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "2", "-subj", "/CN=plan"];
    checkout.run(environment, "openssl", ...certificate, "-keyout", key, "-out", "plan.pem");
    environment.KEY = readFileSync(key, "utf8").trim();
    checkout.run(environment, "npm", "run", "--silent", "review");
    createLock(checkout, environment);
    checkout.commit();
  });

  afterEach(() => {
    expect(existsSync(join(checkout.path, "cdktf.out/stacks/deckhouse/plan"))).toBe(false);
  });

  it("a plan in a merge request is summarized with the changes of the review pack, and is not kept", async () => {
    const merge = { AGAINST: "HEAD", CI_MERGE_REQUEST_DIFF_BASE_SHA: "HEAD" };
    expect(succeed("plan", merge)).toContain("Plan: 4 to add, 0 to change, 0 to destroy.");
    expect(text(words).split("\n").slice(0, 2)).toEqual(["<!-- dkp-access deckhouse -->", "## Plan of `deckhouse`"]);
    expect(text(words)).toContain("\n**Permissions are broadened: a second reviewer is required.**\n");
    expect(text(words)).toContain("\n### Review pack\n");
    expect(text("pipeline.out/verdict.env")).toBe("VERDICT=2\nCHANGES=true\n");
    expect(existsSync(encrypted())).toBe(false);
    expect(await aws.objects("state")).toEqual([]);
  });

  it("only the saved plan is applied on main, and the program that verifies it receives no credentials", async () => {
    plan();
    cpSync(encrypted(), join(runner, "plan.cms"));
    const npm = checkout.run(environment, "sh", "-c", "command -v npm").trim();
    const programs = folder({ npm: `#!/bin/sh\nenv >> '${runner}/npm.env'\nexec '${npm}' "$@"\n` });
    chmodSync(join(programs, "npm"), 0o755);
    expect(succeed("apply", { PATH: `${programs}:${environment.PATH}` })).toMatch(
      /\nverified: Plan .*, which writes the state to s3 \(bucket state, key deckhouse\/terraform\.tfstate\)\n(?:.*\n)*.*Apply complete! Resources: 4 added, 0 changed, 0 destroyed\./,
    );
    const received = readFileSync(join(runner, "npm.env"), "utf8");
    expect(received).toContain("AWS_ENDPOINT_URL");
    expect(received).not.toMatch(/^(?:AWS_(?:ACCESS|SECRET|SESSION|ROLE_ARN|WEB)|PLAN_KEY)\w*=./m);
    expect(await keys()).toHaveLength(1);
  });

  it("a plan that was already applied is rejected", () => {
    const { status, output } = job("apply");
    expect(status).toBe(1);
    expect(output).toContain("Saved plan is stale");
  });

  it("the next plan, which contains the secret, leaves it nowhere in plaintext", () => {
    plan();
    expect(text("pipeline.out/verdict.env")).toMatch(/CHANGES=false\n$/);
    const secret = terraformSecret();
    expect(terraform("state", "pull")).toContain(secret);
    expect(checkout.contains(secret)).toBe(false);
    expect(existsSync(encrypted())).toBe(false);
    cpSync(join(runner, "plan.cms"), encrypted()); // what the next tests try to apply
  });

  it("a plan of another configuration than the reviewed one is rejected", () => {
    change("tags: { team: nobody }");
    const { status, output } = job("apply");
    change("");
    expect(status).toBe(1);
    expect(output).toContain("differences: provider.aws");
    expect(output).toContain(NOT_VERIFIED);
  });

  it.each([
    ["is stale", (digest: string) => digest.replace(/^./, "x")],
    ["lacks its digest", () => undefined],
  ])("a review pack that %s is rejected", (_, edit) => {
    const path = join(checkout.path, "review/deckhouse/main.tf.json.sha256");
    const digest = readFileSync(path, "utf8");
    const edited = edit(digest);
    if (edited === undefined) {
      rmSync(path);
    } else {
      writeFileSync(path, edited);
    }
    const finished = job("apply");
    writeFileSync(path, digest);
    expect(finished).toEqual({
      status: 1,
      output: expect.stringMatching(
        /^(?:\/.*terraform\n)?pipeline.sh: review\/deckhouse\/main.tf.json.sha256: missing, or not the digest of main.tf.json, so the review pack is stale; run npx dkp-access review deckhouse, review the result and commit it\n$/,
      ),
    });
  });

  it("a saved plan that was changed is rejected", () => {
    const plan = readFileSync(encrypted());
    plan.writeUInt8(plan.readUInt8(plan.length - 100) ^ 1, plan.length - 100);
    writeFileSync(encrypted(), plan);
    const { status, output } = job("apply");
    expect(status).not.toBe(0);
    expect(output).not.toContain("Apply complete");
  });

  it("the addresses in moved.tf are applied with the rest, and edited ones are rejected", async () => {
    await aws.iam().createPolicy({ PolicyName: "Logs", PolicyDocument: text(PLANNER) });
    change("nodeRole: { name: nodes, managedPolicyArns: ['arn:aws:iam::123456789012:policy/Logs'] }");
    plan();
    const path = join(checkout.path, "review/deckhouse/moved.tf");
    const reviewed = readFileSync(path, "utf8");
    writeFileSync(path, `${reviewed}\n`);
    expect(job("apply")).toEqual({ status: 1, output: expect.stringMatching(/moved\.tf: outdated\n(?:.*\n)*.*not verified/) });
    writeFileSync(path, reviewed);
    expect(succeed("apply")).toContain("Apply complete! Resources: 3 added, 0 changed, 0 destroyed.");
    expect(deploy("")).toContain("Apply complete! Resources: 0 added, 0 changed, 3 destroyed.");
  });

  it("a plan that begins with another key than the state of the backend is rejected", () => {
    checkout.run(environment, "npm", "run", "--silent", "synth");
    terraform("init", "-input=false", "-reconfigure");
    const push = (state: string) => {
      writeFileSync(join(checkout.path, "state.out"), state);
      terraform("state", "push", "-force", join(checkout.path, "state.out"));
      rmSync(join(checkout.path, "state.out"));
    };
    const state = terraform("state", "pull");
    const { access_key_id: id } = JSON.parse(terraform("output", "-json")) as Readonly<
      Record<string, { readonly value: string }>
    >;
    // With the same lineage and serial, which is all that Terraform compares.
    push(state.replaceAll(id?.value ?? "", "AKIAIOSFODNN7EXAMPLE"));
    // Plans, and encrypts the plan as the job does.
    terraform("plan", "-out=plan", "-refresh=false");
    const cms = "cms -encrypt -binary -outform DER -aes-256-gcm -in cdktf.out/stacks/deckhouse/plan -out pipeline.out/plan.cms";
    mkdirSync(join(checkout.path, "pipeline.out"), { recursive: true });
    checkout.run(environment, "openssl", ...cms.split(" "), "plan.pem");
    push(state);
    expect(job("apply")).toEqual({
      status: 1,
      output: expect.stringMatching(/aws_iam_access_key\.user: .* another object there/),
    });
    expect(terraform("state", "list")).toContain("aws_iam_access_key.user\n");
    expect(terraform("state", "pull")).not.toContain("AKIAIOSFODNN7EXAMPLE");
  });

  it("the drift job fails after a change outside Terraform that leaves nothing to apply", async () => {
    const PolicyArn = "arn:aws:iam::123456789012:policy/Logs";
    deploy("nodeRole: { name: nodes }");
    await aws.iam().attachRolePolicy({ RoleName: "nodes", PolicyArn });
    const { status, output } = job("drift");
    await aws.iam().detachRolePolicy({ RoleName: "nodes", PolicyArn });
    expect({ status, output }).toEqual({ status: 2, output: expect.stringContaining("\nNothing to apply.\n") });
    deploy("");
  });

  it("a review pack of no deployment is planned by no job", () => {
    cpSync(join(checkout.path, "review/deckhouse"), join(checkout.path, "review/ghost"), { recursive: true });
    cpSync(join(checkout.path, "locks/deckhouse.terraform.lock.hcl"), join(checkout.path, "locks/ghost.terraform.lock.hcl"));
    const output = 'pipeline.sh: "ghost": there is no deployments/ghost.yaml; name a deployment\n';
    for (const name of ["plan", "drift", "unmanaged"]) {
      expect(runSteps(checkout.path, [script(name, "ghost")])).toEqual({ status: 1, output });
    }
    rmSync(join(checkout.path, "review/ghost"), { recursive: true });
    rmSync(join(checkout.path, "locks/ghost.terraform.lock.hcl"));
  });

  it("the drift job succeeds when there is no drift, and reads nothing but the reviewed configuration", () => {
    writeFileSync(join(checkout.path, "cdktf.out/stacks/deckhouse/override.tf.json"), "not JSON");
    expect(succeed("drift")).toContain("No changes.");
    expect(readdirSync(join(checkout.path, "cdktf.out/stacks/deckhouse")).sort()).toEqual([
      ".terraform",
      ".terraform.lock.hcl",
      "cdk.tf.json",
    ]);
  });

  it("the job unmanaged succeeds until something is attached beside the state", async () => {
    expect(succeed("unmanaged")).toContain("nothing found");
    const inline = { UserName: "deckhouse", PolicyName: "beside" };
    await aws.iam().putUserPolicy({ ...inline, PolicyDocument: text(PLANNER) });
    const { status, output } = job("unmanaged");
    await aws.iam().deleteUserPolicy(inline);
    expect(status).toBe(2);
    expect(output).toContain("attention: user deckhouse: it has the inline policy beside\n");
  });

  it("the drift job works with only planner-policy.json", async () => {
    const key = variablesOf(await aws.createUser("reader", text(PLANNER)));
    const { output } = await aws.enforced(() => job("drift", key));
    expect(output).toContain("No changes.");
  });

  it("the drift job fails after a change outside Terraform, and changes nothing", async () => {
    const PolicyArn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
    await aws.iam().detachUserPolicy({ UserName: "deckhouse", PolicyArn });
    await aws.calls();
    const { status, output } = job("drift");
    expect({ status, output }).toEqual({
      status: 2,
      output: expect.stringContaining("Plan: 1 to add, 0 to change, 0 to destroy."),
    });
    expect((await aws.changes()).filter((action) => !/^(GET|HEAD|AssumeRole)/.test(action))).toEqual([]);
  });

  describe("when the apply job fails", () => {
    const state = "deckhouse/terraform.tfstate";
    const artifact = () => join(checkout.path, "pipeline.out/errored.tfstate.cms");
    const left = () => ({ artifact: existsSync(artifact()), plaintext: existsSync(plaintextState()) });

    it("keeps an encrypted copy of a state that could not be written, and the documented command pushes it", async () => {
      const key = variablesOf(await aws.createUser("no-state", JSON.stringify(WITHOUT_STATE)));
      plan();
      const { status, output } = await aws.enforced(() => job("apply", { ...CERTIFICATE, ...key, ...DIRECT_KEY }));
      expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining("Failed to save state") });
      expect(output).toContain(
        "pipeline.sh: Terraform could not write the state; pipeline.out/errored.tfstate.cms has it, encrypted; push it before you apply again: docs/how-to/pipelines.md\n",
      );
      expect(left()).toEqual({ artifact: true, plaintext: false });
      expect(checkout.contains(terraformSecret())).toBe(false);
      const page = readFileSync(join(PROJECT, "docs/how-to/pipelines.md"), "utf8");
      const [, commands = ""] = /```shell\n(npm ci && npm run synth\n[^`]*)```/.exec(page) ?? [];
      cpSync(artifact(), join(checkout.path, "errored.tfstate.cms"));
      writeFileSync(join(checkout.path, "plan.key"), `${environment.KEY}\n`);
      checkout.run(environment, "sh", "-e", "-c", commands.replace("npm ci && ", ""));
      for (const name of ["plan.key", "pipeline.out/errored.tfstate.cms"]) {
        rmSync(join(checkout.path, name));
      }
      expect(existsSync(join(checkout.path, "errored.tfstate"))).toBe(false);
      expect(succeed("drift")).toContain("No changes.");
    });

    it("ends Terraform gracefully when the job is cancelled: the state is written, the lock is released", async () => {
      change("tags: { team: platform }");
      plan();
      const [held, arrives] = signal();
      const [released, release] = signal();
      // Held before AWS executes them, so that all changes are still to be made.
      const arriving = async (call: string) => {
        if (call.startsWith("Tag")) {
          arrives();
          await released;
        }
      };
      const proxy = await FaultProxy.before(aws, { arriving });
      const address = { AWS_ENDPOINT_URL: proxy.url, ...CERTIFICATE };
      const [first, ...rest] = steps(checkout.path, "apply", { ...environment, ...credentials, ...address });
      if (first === undefined) {
        throw new Error("the job apply has no steps");
      }
      const running = startStep(checkout.path, first);
      const ended = outputOf(running);
      await Promise.race([held, ended]);
      for (const [signalName, ...processes] of cancel(running.pid ?? 0)) {
        // A process may have ended with the one before it; to a runner that is no error either.
        spawnSync("kill", ["-s", ...[signalName, ...processes].map(String)]);
        await setTimeout(20);
      }
      const { status, output } = await ended;
      const stopped = proxy.stop();
      release();
      await stopped;
      runSteps(checkout.path, rest, true);
      expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining("Interrupt received.") });
      expect(output).not.toContain("Two interrupts received");
      expect(await aws.objects("state")).toEqual([state]);
      expect(left()).toEqual({ artifact: false, plaintext: false });
      plan();
      expect(succeed("apply")).toContain("Apply complete!");
      expect(succeed("drift")).toContain("No changes.");
    });
  });

  it("never deletes a state that could not be written", () => {
    writeFileSync(plaintextState(), "{}");
    const { status, output } = runSteps(checkout.path, [script("plan", "deckhouse")]);
    expect({ status, output, there: existsSync(plaintextState()) }).toEqual({
      status: 1,
      output:
        "pipeline.sh: cdktf.out/stacks/deckhouse/errored.tfstate: may be the only record of what exists; push it first: docs/how-to/pipelines.md\n",
      there: true,
    });
    const cleaned = runSteps(checkout.path, [script("clean", "deckhouse")]);
    expect({ ...cleaned, there: existsSync(plaintextState()) }).toEqual({
      status: 1,
      output:
        "pipeline.sh: cdktf.out/stacks/deckhouse/errored.tfstate: Terraform could not write the state; PLAN_CERTIFICATE is not set, so it stays there in plaintext; push it before you apply again: docs/how-to/pipelines.md\n",
      there: true,
    });
    rmSync(plaintextState());
  });

  it.each(["", ".", "..", "a/b", "../x", "-x;id"])("rejects %j as the name of a stack", (name) => {
    expect(runSteps(checkout.path, [script("plan", name)])).toEqual({
      status: 1,
      output: `pipeline.sh: "${name}": not the name of a stack; name a file of deployments/ without its ending\n`,
    });
  });
});
