import { spawn, spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { parseEnv } from "node:util";
import { parse } from "yaml";
import { blockWith } from "../helpers/blocks";
import { rows } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { FaultProxy } from "./support/fault-proxy";
import { ADMIN, allowing, type Credentials, LocalAws } from "./support/local-aws";
import {
  BASH,
  Checkout,
  commitWithLocks,
  descendants,
  gitHub,
  gitLab,
  installation,
  pipelineStep,
  runSteps,
  startStep,
} from "./support/pipeline";
import { folder } from "./support/project";
import { listening } from "./support/server";
import { ended, mustSucceed, outputOf, terraformEnvironment } from "./support/terraform";

const GITLAB = "docs/pipelines/gitlab-ci.yml";
const OWN_WORKFLOWS = ["ci", "codeql", "dependency-review", "release", "upstream"].map(
  (name) => `.github/workflows/${name}.yml`,
);

interface Workflow {
  readonly concurrency?: object;
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
}

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

const WORKFLOWS = ["docs/pipelines/github-actions.yml", ...OWN_WORKFLOWS];

describe("the pipeline files", () => {
  it.each([
    [
      "check-jsonschema",
      "--builtin-schema",
      "vendor.gitlab-ci",
      "--data-transform",
      "gitlab-ci",
      GITLAB,
    ],
    ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ...WORKFLOWS],
    ["actionlint", "-no-color", ...WORKFLOWS],
    ["zizmor", "--offline", "--no-progress", "--min-severity=medium", ...WORKFLOWS],
    [
      "shellcheck",
      "--norc",
      "scripts/pipeline.sh",
      "scripts/release.sh",
      "scripts/cdk-terrain.sh",
      ".ci/upstream",
    ],
  ])("pass %s %s %s", (program, ...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: PROJECT, encoding: "utf8" });
    expect({ status, output: status === 0 ? "" : `${stdout}${stderr}` }).toEqual({
      status: 0,
      output: "",
    });
  });
});

describe.each(WORKFLOWS)("%s", (path) => {
  const { concurrency, jobs } = parse(readFileSync(join(PROJECT, path), "utf8")) as Workflow;

  it("cancels at most the older run of a pull request, because each push is compared with the one before it", () => {
    const cancelled = {
      group: expect.stringContaining("github.run_id"),
      "cancel-in-progress": expect.stringMatching(
        /^\$\{\{ github.event_name == 'pull_request' \}\}$/,
      ),
    };
    expect([undefined, cancelled]).toContainEqual(concurrency);
  });

  it("replaces the artifacts of an earlier attempt", () => {
    const uploads = Object.values(jobs).flatMap(({ steps = [] }) =>
      steps.filter(({ uses }) => uses?.includes("upload-artifact")),
    );
    expect(uploads.filter((step) => step.with?.overwrite !== true)).toEqual([]);
  });
});

// The checks of a commit stay when its pull request gets another target branch.
it("the workflow of deployments creates checks for the branch main alone", () => {
  const workflow = parse(readFileSync(join(PROJECT, "docs/pipelines/github-actions.yml"), "utf8"));
  expect(workflow.on.pull_request).toEqual({
    branches: ["main"],
    types: ["opened", "synchronize", "reopened", "edited"],
  });
  expect(workflow.jobs.changed.if).toBe(
    "github.event_name != 'workflow_dispatch' || github.ref == 'refs/heads/main'",
  );
});

describe.each(["docs/pipelines/github-actions.yml", GITLAB])("the installation in %s", (file) => {
  const install = (tracked: Readonly<Record<string, string>>) => {
    const path = folder({
      "package-lock.json": "{}",
      "review/build/main.tf.json": "{}",
      ...tracked,
    });
    const programs = folder({ npm: '#!/bin/sh\necho "npm $*"\n' });
    chmodSync(join(programs, "npm"), 0o755);
    const git = (...args: readonly string[]) => spawnSync("git", args, { cwd: path });
    git("init", "--quiet");
    git("add", "--all", "--force");
    const variables = { PATH: `${programs}:${process.env.PATH}` };
    return runSteps(path, [
      { program: "bash", args: [...BASH, installation(file)], variables, always: false },
    ]);
  };

  it("installs what package-lock.json lists", () => {
    expect(install({})).toEqual({
      status: 0,
      output: expect.stringMatching(/^npm ci --omit=dev\b/),
    });
  });

  it.each([
    "npm-shrinkwrap.json",
    "node_modules",
    "src/node_modules/commander/index.js",
    "cdktf.out/stacks/prod/.terraform/x",
  ])("rejects a checkout that tracks %s", (name) => {
    const output = `${name}\ngit tracks these files, which would run or be planned unseen\n`;
    expect(install({ [name]: "" })).toEqual({ status: 1, output });
  });
});

const COMMIT = "1".repeat(40);

describe("a second reviewer on GitLab", () => {
  const review = (verdict: string, variables: Readonly<Record<string, string>>) => {
    const path = folder({ "pipeline.out/plan.env": `VERDICT=${verdict}\nDIGEST=\n` });
    return runSteps(
      path,
      gitLab(path, "second-reviewer", { PATH: process.env.PATH ?? "", ...variables }).slice(0, 1),
    );
  };

  it.each([
    ["is not required when nothing requires attention", "0", "", 0],
    ["is required when the change requires attention", "2", "bug,dkp-second-reviewer", 2],
    ["is required for a breaking change", "3", "", 3],
    ["has approved the commit that the label names", "3", `bug,dkp-second-review-${COMMIT}`, 0],
    [
      "is required again for another commit",
      "3",
      `dkp-second-review-${COMMIT.replace("1", "2")}`,
      3,
    ],
    ["is required when the label names no commit", "3", "bug,dkp-second-review", 3],
    ["is required when there is no verdict", "", "", 1],
  ])("%s", (_, verdict, CI_MERGE_REQUEST_LABELS, status) => {
    expect(review(verdict, { CI_MERGE_REQUEST_LABELS, CI_COMMIT_SHA: COMMIT }).status).toBe(status);
  });

  it("approves the commit of the source branch when the pipeline runs on a merge result", () => {
    const commits = { CI_COMMIT_SHA: "f".repeat(40), CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: COMMIT };
    expect(review("2", { CI_MERGE_REQUEST_LABELS: "", ...commits })).toEqual({
      status: 2,
      output: `a second reviewer must approve this commit: set the label dkp-second-review-${COMMIT} and run the pipeline again\n`,
    });
  });
});

it("the documented command gives GitLab's tokens the subject that the trust policies require", async () => {
  let received = "";
  const server = createServer(async (request, response) => {
    received = `${request.method} ${request.url} ${await textOf(request)}`;
    response.end();
  });
  const command = blockWith("curl", "docs/how-to/pipelines.md").replace(
    "https://gitlab.example.com",
    `http://${await listening(server)}`,
  );
  await once(spawn("sh", ["-e", "-c", command], { stdio: "ignore" }), "close");
  const components =
    '"project_path", "ref_type", "ref", "environment_protected", "deployment_tier"';
  expect(received).toBe(
    `PUT /api/v4/projects/ID {"ci_id_token_sub_claim_components": [${components}]}`,
  );
});

const SETTINGS = `region: eu-central-1
backend: { s3: { bucket: state, region: eu-central-1, use_path_style: true } }
`;

const POLICY_ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";

const WITHOUT_STATE = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: ["iam:*", "s3:ListBucket", "s3:GetObject", "s3:DeleteObject"],
      Resource: "*",
    },
    {
      Effect: "Allow",
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::state/deckhouse/terraform.tfstate.tflock",
    },
  ],
};

const variablesOf = ({ accessKeyId, secretAccessKey }: Credentials) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

/** On GitLab, the key of the environment instead of a role. */
const DIRECT_KEY = { APPLY_ROLE_ARN: "", PLAN_ROLE_ARN: "" };

type Approval = readonly [job: string, variables: Readonly<Record<string, string>>];

/**
 * The jobs after `plan`, on GitHub after `summary` too, with or without the approval of a second
 * reviewer.
 */
const ALL_SYSTEMS = [
  {
    system: "GitLab",
    steps: gitLab,
    // The runner signals every process in the job's container but the first, the youngest first,
    // one right after the other.
    cancel: (pid: number) => [["TERM", ...descendants(pid)]],
    words: "pipeline.out/review.md",
    planned: "pipeline.out/plan.env",
    approve: (_: string, second: boolean): Approval => [second ? "apply-attention" : "apply", {}],
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
    words: "summary",
    planned: "artifacts.out/review-deckhouse/review-deckhouse/plan.env",
    approve: (path: string, second: boolean): Approval => {
      rmSync(join(path, "outputs"), { force: true });
      const results = {
        RESULTS: "success,success",
        CHANGED: '["deckhouse"]',
        GITHUB_OUTPUT: "outputs",
      };
      mustSucceed(
        runSteps(path, gitHub(path, "summary", { PATH: process.env.PATH ?? "", ...results })),
      );
      const { VERDICT = "", APPLY = "" } = parseEnv(readFileSync(join(path, "outputs"), "utf8"));
      const [planned] = JSON.parse(APPLY) as readonly {
        readonly stack: string;
        readonly digest: string;
      }[];
      return [
        "apply",
        {
          STACK: planned?.stack ?? "",
          DIGEST: planned?.digest ?? "",
          ACCEPT: second ? VERDICT : "0",
        },
      ];
    },
    credentials: {},
  },
] as const;
const SYSTEMS = rows(ALL_SYSTEMS, 2);

describe.each(SYSTEMS)(
  "the jobs for $system, run in a checkout",
  ({ steps, cancel, approve, words, planned, credentials }) => {
    let aws: LocalAws;
    let checkout: Checkout;
    let environment: Record<string, string>;

    const file = (path: string) => join(checkout.path, path);
    const text = (path: string) => readFileSync(file(path), "utf8");
    const job = (name: string, more: Readonly<Record<string, string>> = {}) =>
      runSteps(
        checkout.path,
        steps(checkout.path, name, { ...environment, ...credentials, ...more }),
      );
    const succeed = (name: string, more: Readonly<Record<string, string>> = {}) =>
      mustSucceed(job(name, more));
    const plan = () => {
      for (const name of ["pipeline.out", "reviews.out", "artifacts.out"]) {
        rmSync(file(name), { recursive: true, force: true });
      }
      succeed("plan");
      return parseEnv(text(planned));
    };
    const apply = (second: boolean, more: Readonly<Record<string, string>> = {}) => {
      const [name, variables] = approve(checkout.path, second);
      return job(name, { ...variables, ...more });
    };
    const change = (more: string) => {
      writeFileSync(file("deployments/deckhouse.yaml"), `${SETTINGS}${more}\n`);
      checkout.review(environment);
    };
    const terraform = (...args: string[]) =>
      checkout.run(environment, "terraform", `-chdir=cdktf.out/stacks/deckhouse`, ...args);
    const secret = () => terraform("output", "-raw", "secret_access_key");
    const users = async () =>
      ((await aws.iam().listUsers({})).Users ?? []).map(({ UserName }) => UserName);

    beforeAll(async () => {
      aws = await LocalAws.start();
      await aws.createBucket("state");
      const iam = aws.iam();
      for (const RoleName of ["plan", "apply"]) {
        await iam.createRole({
          RoleName,
          AssumeRolePolicyDocument: allowing("sts:AssumeRoleWithWebIdentity"),
        });
        await iam.putRolePolicy({ RoleName, PolicyName: RoleName, PolicyDocument: allowing("*") });
      }
      checkout = new Checkout({ deckhouse: SETTINGS });
      environment = {
        ...terraformEnvironment(aws),
        AWS_ENDPOINT_URL_STS: aws.url, // Terraform assumes the role before it reads the endpoint of all services
        GITHUB_STEP_SUMMARY: "summary",
        STACK: "deckhouse",
        BASE: "",
      };
      checkout.review(environment);
      commitWithLocks(checkout, environment);
    });

    it("a plan in a merge request is summarized with the changes of the review pack, and nothing is applied", async () => {
      expect(succeed("plan", { BASE: "HEAD" })).toContain(
        "Plan: 4 to add, 0 to change, 0 to destroy.",
      );
      expect(text(words).split("\n").slice(0, 2)).toEqual([
        "<!-- dkp-access deckhouse -->",
        "## Plan of `deckhouse`",
      ]);
      expect(text(words)).toContain(
        "\n**This change requires attention: a second reviewer is required.**\n",
      );
      expect(text(words)).toContain("\n### Review pack\n");
      expect(text(planned)).toMatch(/^VERDICT=2\nDIGEST=[0-9a-f]{64}\n$/);
      expect(await aws.objects("state")).toEqual([]);
    });

    it("a plan that requires attention is refused without a second reviewer", async () => {
      plan();
      expect(apply(false)).toEqual(ended(3, "--accept allows 0"));
      expect(await users()).toEqual([]);
    });

    it.each([
      ["verdict", "VERDICT=2", "VERDICT=0", false, /--accept allows 0/],
      ["verdict, and more", "VERDICT=2", "VERDICT=3\nACCEPT=3", false, /--accept allows 0/],
      [
        "digest of another plan",
        /DIGEST=.*/,
        `DIGEST=${"0".repeat(64)}`,
        true,
        /the plan is not the approved one/,
      ],
      [
        "digest that is none",
        /DIGEST=./,
        "DIGEST=$(id)",
        true,
        /is no digest|not the verdict and the digest of a plan/,
      ],
    ])("a forged %s applies nothing", async (_, from, to, second, message) => {
      plan();
      writeFileSync(
        file(planned),
        text(planned).replace(from, () => to),
      );
      const attempt = () => {
        try {
          return apply(second);
        } catch (error) {
          return { status: 1, output: String(error) };
        }
      };
      const { status, output } = attempt();
      expect([1, 3]).toContain(status);
      expect(output).toMatch(message);
      expect(await users()).toEqual([]);
    });

    it("a plan that a second reviewer approved is applied", async () => {
      plan();
      expect(apply(true)).toEqual(
        ended(0, "Apply complete! Resources: 4 added, 0 changed, 0 destroyed."),
      );
      expect(await aws.keysOf()).toHaveLength(1);
    });

    it("the same approval a second time finds nothing to apply", () => {
      expect(apply(true)).toEqual(ended(0, "Nothing to apply."));
    });

    it("the next plan, which contains the secret, leaves it nowhere in plaintext", () => {
      expect(plan()).toEqual({ VERDICT: "0", DIGEST: "" });
      expect(terraform("state", "pull")).toContain(secret());
      expect(checkout.contains(secret())).toBe(false);
    });

    it("a change that requires no attention is applied without a second reviewer", () => {
      change("outputs: { secret: false }");
      expect(plan()).toEqual({ VERDICT: "0", DIGEST: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(apply(false)).toEqual(ended(0, "Resources: 0 added, 0 changed, 0 destroyed."));
      change("");
      expect(plan()).toMatchObject({ VERDICT: "2" });
      mustSucceed(apply(true));
    });

    it("a plan that breaks something says so", () => {
      change("protect: false\npolicy: { name: Other }");
      expect(plan()).toMatchObject({ VERDICT: "3" });
      expect(text(words)).toContain(
        "\n**This change breaks something or cannot be verified: a second reviewer is required.**\n",
      );
      change("");
    });

    it("the job drift succeeds when there is no drift", () => {
      const output = succeed("drift");
      expect(output).toContain("No changes.");
      expect(output).toContain("nothing found");
    });

    it("the job drift works with only the permissions of the role that plans and those that drift prints", async () => {
      const statementsOf = (json: string) =>
        (JSON.parse(json) as { readonly Statement: readonly object[] }).Statement;
      const printed = checkout.run(
        environment,
        "node_modules/.bin/dkp-access",
        "drift",
        "deckhouse",
        "--policy",
      );
      const Statement = [
        ...statementsOf(text("review/deckhouse/planner-policy.json")),
        ...statementsOf(printed),
      ];
      const reader = await aws.createUser(
        "reader",
        JSON.stringify({ Version: "2012-10-17", Statement }),
      );
      const { status, output } = job("drift", { ...variablesOf(reader), ...DIRECT_KEY });
      expect({ status, output }).toEqual(ended(0, "nothing found"));
    });

    it("the job drift fails when something is attached beside the state", async () => {
      const inline = { UserName: "deckhouse", PolicyName: "beside" };
      await aws
        .iam()
        .putUserPolicy({ ...inline, PolicyDocument: text("review/deckhouse/planner-policy.json") });
      const { status, output } = job("drift");
      await aws.iam().deleteUserPolicy(inline);
      expect({ status, output }).toEqual(
        ended(2, "attention: user deckhouse: it has the inline policy beside"),
      );
    });

    it("the job drift fails after a change outside Terraform, and changes nothing", async () => {
      await aws.iam().detachUserPolicy({ UserName: "deckhouse", PolicyArn: POLICY_ARN });
      await aws.calls();
      const { status, output } = job("drift");
      expect({ status, output }).toEqual(ended(2, "Plan: 1 to add, 0 to change, 0 to destroy."));
      expect(
        (await aws.changes()).filter((action) => !/^(GET|HEAD|AssumeRole)/.test(action)),
      ).toEqual([]);
      await aws.iam().attachUserPolicy({ UserName: "deckhouse", PolicyArn: POLICY_ARN });
    });

    describe("when the apply job fails", () => {
      const isLeft = () => existsSync(file("cdktf.out/stacks/deckhouse/errored.tfstate"));
      let denied: Readonly<Record<string, string>>;
      /**
       * Applies with credentials that cannot write the state.
       * @param later the credentials of the steps after the first one
       */
      const failToWrite = (settings: string, later?: Readonly<Record<string, string>>) => {
        change(settings);
        plan();
        const [name, variables] = approve(checkout.path, true);
        const all = steps(checkout.path, name, {
          ...environment,
          ...credentials,
          ...variables,
          ...denied,
        });
        const applied = runSteps(checkout.path, all.slice(0, 1));
        const after = all
          .slice(1)
          .map((step) => ({ ...step, variables: { ...step.variables, ...later } }));
        return { applied, kept: runSteps(checkout.path, after, true).output };
      };

      beforeAll(async () => {
        denied = {
          ...variablesOf(await aws.createUser("no-state", JSON.stringify(WITHOUT_STATE))),
          ...DIRECT_KEY,
        };
      });

      it("writes a state that could not be written, as soon as the backend accepts it", () => {
        const { applied, kept } = failToWrite("tags: { a: b }", variablesOf(ADMIN));
        expect(applied).toEqual(ended(1, "Failed to save state"));
        expect(kept).not.toContain("pipeline.sh:");
        expect(isLeft()).toBe(false);
        expect(succeed("drift")).toContain("No changes.");
      });

      it("says that a state that could not be written is lost with the job", () => {
        const { kept } = failToWrite("tags: { a: c }");
        expect(kept).toContain(
          "it is not kept beyond this job; npx dkp-access keys deckhouse shows what it lacks",
        );
        expect(isLeft()).toBe(true);
        terraform("state", "push", "errored.tfstate");
        rmSync(file("cdktf.out/stacks/deckhouse/errored.tfstate"));
      });

      it("ends Terraform gracefully when the job is cancelled: the state is written, the lock is released", async () => {
        change("tags: { team: platform }");
        plan();
        const moments = new EventEmitter();
        const held = once(moments, "held");
        const released = once(moments, "released");
        // Held before AWS executes it, so that a change is still to be made. Only the first one: a
        // call that begins after the provider was stopped would never end.
        const arriving = async (call: string) => {
          if (call.startsWith("Tag") && moments.emit("held")) {
            await released;
          }
        };
        const proxy = await FaultProxy.before(aws, { arriving });
        const [name, variables] = approve(checkout.path, true);
        const address = { AWS_ENDPOINT_URL: proxy.url, ...variables };
        const [first, ...rest] = steps(checkout.path, name, {
          ...environment,
          ...credentials,
          ...address,
        });
        if (first === undefined) {
          throw new Error("the job apply has no steps");
        }
        const running = startStep(checkout.path, first);
        const finished = outputOf(running);
        await Promise.race([held, finished]);
        for (const [signalName, ...processes] of cancel(running.pid ?? 0)) {
          // A process may have ended with the one before it; to a runner that is no error either.
          spawnSync("kill", ["-s", ...[signalName, ...processes].map(String)]);
          await setTimeout(20);
        }
        const { status, output } = await finished;
        const stopped = proxy.stop();
        moments.emit("released");
        await stopped;
        runSteps(checkout.path, rest, true);
        expect(status).not.toBe(0);
        expect(output).toContain("Interrupt received.");
        expect(output).not.toContain("Two interrupts received");
        expect(await aws.objects("state")).toEqual(["deckhouse/terraform.tfstate"]);
        expect(isLeft()).toBe(false);
        plan();
        expect(apply(true)).toEqual(ended(0, "Apply complete!"));
        expect(succeed("drift")).toContain("No changes.");
      });
    });

    it.each(["", "../x", "-x;id"])("rejects %j as the name of a stack", (name) => {
      const { status, output } = runSteps(checkout.path, [pipelineStep(environment, "plan", name)]);
      expect({ status, output }).toEqual({
        status: 1,
        output: expect.stringMatching(/no deployment|unknown option|is empty/),
      });
    });

    it("ends with the message of review --check when a review pack is stale", () => {
      writeFileSync(file("review/deckhouse/policy.json"), "{}");
      const { status, output } = runSteps(checkout.path, [pipelineStep(environment, "changed")]);
      checkout.review(environment);
      expect({ status, output }).toEqual({
        status: 1,
        output: expect.stringMatching(
          /review is not up to date; run npx dkp-access review.*:\n {2}review\/deckhouse\/policy.json: outdated\n$/,
        ),
      });
    });
  },
);
