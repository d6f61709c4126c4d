import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parse } from "yaml";
import { blocksOf } from "../helpers/blocks";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Checkout, commitWithLocks, gitHub, gitLab, type Job, runSteps } from "./support/pipeline";
import { folder, write } from "./support/project";
import { ended, terraformEnvironment } from "./support/terraform";

const STACKS = ["deckhouse", "dev", "prod"];

const settings = (stack: string, more = "") => `region: eu-central-1
accountId: "123456789012"
backend: { s3: { bucket: example-terraform-state, region: eu-central-1, use_path_style: true } }
user: { name: dkp-${stack} }
policy: { name: dkp-${stack} }
${more}`;

/** GitHub's command, as it answers for a repository with IDs in its subjects. */
const GITHUB = folder({
  gh: '#!/bin/sh\ntest "$2" = repos/acme/dkp-access/actions/oidc/customization/sub && echo repo:acme@1/dkp-access@2\n',
});

describe("a pipeline with three deployments, of which two are changed", () => {
  let aws: LocalAws;
  let checkout: Checkout;
  let environment: Record<string, string>;

  const file = (path: string) => join(checkout.path, path);
  const text = (path: string) => readFileSync(file(path), "utf8");
  const run = (job: Job, name: string, more: Readonly<Record<string, string>> = {}) => {
    const { status, output } = runSteps(
      checkout.path,
      job(checkout.path, name, { ...environment, ...more }),
    );
    if (status !== 0) {
      throw new Error(`${name} ended with ${status}:\n${output}`);
    }
    return output;
  };
  const commit = (files: Readonly<Record<string, string>>) => {
    write(checkout.path, files);
    checkout.review(environment);
    checkout.commit();
  };
  const changedSince = (...base: readonly string[]) =>
    checkout
      .run(environment, "sh", "node_modules/dkp-access/scripts/pipeline.sh", "changed", ...base)
      .trim()
      .split("\n");
  const outputsOf = (job: string, more: Readonly<Record<string, string>>) => {
    rmSync(file("outputs"), { force: true });
    run(gitHub, job, { GITHUB_OUTPUT: "outputs", GITHUB_STEP_SUMMARY: "summary", ...more });
    return parseEnv(text("outputs"));
  };

  beforeAll(async () => {
    chmodSync(join(GITHUB, "gh"), 0o755);
    aws = await LocalAws.start();
    checkout = new Checkout(Object.fromEntries(STACKS.map((stack) => [stack, settings(stack)])));
    environment = terraformEnvironment(aws);
    checkout.review(environment);
    commitWithLocks(checkout, environment);
    commit({
      "deployments/dev.yaml": settings("dev", "tags: { team: platform }\n"),
      "deployments/prod.yaml": settings("prod", "tags: { team: platform }\n"),
    });
  });

  it("has a state bucket and roles, created with the documented commands", async () => {
    const [bucket = "", roles = ""] = blocksOf("docs/how-to/state-bucket.md");
    const programs = { PATH: `${GITHUB}:${environment.PATH}` };
    checkout.run({ ...environment, ...programs }, "sh", "-e", "-c", `${bucket}\n${roles}`);
    const versioning = [
      "s3api",
      "get-bucket-versioning",
      "--bucket",
      "example-terraform-state",
      "--query",
      "Status",
    ];
    expect(checkout.run(environment, "aws", ...versioning, "--output", "text")).toBe("Enabled\n");
    const policyOf = (RoleName: string) =>
      aws.iam().getRolePolicy({ RoleName, PolicyName: "deckhouse" });
    const { PolicyDocument = "" } = await policyOf("dkp-access-planner");
    expect(JSON.parse(decodeURIComponent(PolicyDocument))).toEqual(
      JSON.parse(text("review/deckhouse/planner-policy.json")),
    );
    const { Role } = await aws.iam().getRole({ RoleName: "dkp-access-deployer" });
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).toContain(
      '"repo:acme@1/dkp-access@2:environment:dkp-access-apply"',
    );
  });

  it("plans and applies only these two on GitHub", async () => {
    expect(outputsOf("changed", { BASE: "HEAD~1" })).toEqual({
      CHANGED: '["dev","prod"]',
      REDIRECTED: "[]",
      ROTATED: "[]",
    });
    for (const stack of ["dev", "prod"]) {
      run(gitHub, "plan", { STACK: stack, BASE: "", GITHUB_STEP_SUMMARY: "summary" });
    }
    const { VERDICT: ACCEPT = "", APPLY = "" } = outputsOf("summary", {
      RESULTS: "success,success",
      CHANGED: '["dev","prod"]',
    });
    const planned = JSON.parse(APPLY) as readonly {
      readonly stack: string;
      readonly digest: string;
    }[];
    expect([ACCEPT, ...planned.map(({ stack }) => stack)]).toEqual(["2", "dev", "prod"]);
    for (const { stack, digest } of planned) {
      run(gitHub, "apply", { STACK: stack, DIGEST: digest, ACCEPT });
    }
    const { Users = [] } = await aws.iam().listUsers({});
    expect(Users.map(({ UserName }) => UserName).sort()).toEqual(["dkp-dev", "dkp-prod"]);
    expect(await aws.objects("example-terraform-state")).toEqual([
      "dev/terraform.tfstate",
      "prod/terraform.tfstate",
    ]);
  });

  it("applies nothing on GitHub when nothing is changed, and fails when a plan failed or has no verdict", () => {
    const summary = (RESULTS: string, CHANGED: string) =>
      outputsOf("summary", { RESULTS, CHANGED });
    expect(summary("success,skipped", "[]")).toEqual({ VERDICT: "0", APPLY: "[]" });
    expect(() => summary("success,skipped", '["dev"]')).toThrow("summary ended with 1");
    expect(() => summary("success,failure", "[]")).toThrow("summary ended with 1");
    expect(() => summary("success,success", '["dev","none"]')).toThrow(
      "reviews.out/review-none/plan.env: is missing",
    );
    write(checkout.path, { "artifacts.out/review-dev/review-dev/plan.env": "DIGEST=\n" });
    expect(() => summary("success,success", '["dev"]')).toThrow(
      "reviews.out/review-dev/plan.env: has no verdict",
    );
  });

  it.each([
    [
      "merge_request_event",
      [
        "comment dev",
        "comment prod",
        "plan dev",
        "plan prod",
        "second-reviewer dev",
        "second-reviewer prod",
      ],
    ],
    [
      "push",
      [
        "apply dev",
        "apply prod",
        "apply-attention dev",
        "apply-attention prod",
        "plan dev",
        "plan prod",
      ],
    ],
    ["schedule", STACKS.map((stack) => `drift ${stack}`)],
    [
      "web",
      STACKS.flatMap((stack) => [
        `apply ${stack}`,
        `apply-attention ${stack}`,
        `plan ${stack}`,
      ]).sort(),
    ],
  ])(
    "has jobs for these two on GitLab, and for all in a schedule and a new pipeline: %s",
    (source, names) => {
      const base = checkout.run(environment, "git", "rev-parse", "HEAD~1").trim();
      run(gitLab, "changed", {
        CI_PIPELINE_SOURCE: source,
        CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
        CI_COMMIT_BEFORE_SHA: base,
      });
      const {
        include,
        "nothing more": _,
        ...jobs
      } = parse(text("pipeline.out/child.yml")) as Readonly<
        Record<
          string,
          {
            readonly extends: string;
            readonly needs: readonly string[];
            readonly variables: object;
          }
        >
      >;
      expect(include).toEqual({ local: ".gitlab-ci.yml" });
      expect(Object.keys(jobs).sort()).toEqual(names);
      const templates = parse(
        readFileSync(join(PROJECT, "docs/pipelines/gitlab-ci.yml"), "utf8"),
      ) as Readonly<Record<string, object>>;
      for (const [name, job] of Object.entries(jobs)) {
        const [template = "", STACK] = name.split(" ");
        expect(job).toMatchObject({ extends: `.${template}`, variables: { STACK } });
        expect(templates).toHaveProperty([job.extends]);
        expect(job.needs.filter((need) => jobs[need] === undefined)).toEqual([]);
      }
      const { status, stdout } = spawnSync(
        "check-jsonschema",
        [
          "--builtin-schema",
          "vendor.gitlab-ci",
          "--data-transform",
          "gitlab-ci",
          file("pipeline.out/child.yml"),
        ],
        { encoding: "utf8" },
      );
      expect({ status, stdout }).toEqual({ status: 0, stdout: "ok -- validation done\n" });
    },
  );

  it("plans the deployment that a person names on GitHub, and the one whose job a person starts on GitLab", () => {
    expect(outputsOf("changed", { BASE: "", STACK: "dev" })).toEqual({
      CHANGED: '["dev"]',
      REDIRECTED: "[]",
      ROTATED: "[]",
    });
    run(gitLab, "changed", { CI_PIPELINE_SOURCE: "web", CI_COMMIT_BEFORE_SHA: "0".repeat(40) });
    const jobs: unknown = parse(text("pipeline.out/child.yml"));
    expect(jobs).toMatchObject({
      "plan dev": { rules: [{ when: "manual", allow_failure: true }] },
    });
    expect(jobs).not.toHaveProperty(["plan dev", "environment"]);
  });

  it("counts a deployment as changed when its provider lock differs, and none when only code does", () => {
    write(checkout.path, {
      "locks/dev.terraform.lock.hcl": `${text("locks/dev.terraform.lock.hcl")}# other\n`,
      "main.ts": "// other\n",
    });
    checkout.commit();
    expect(changedSince("HEAD~1")).toEqual(["changed dev"]);
    expect(changedSince("HEAD")).toEqual([""]);
  });

  it("counts all as changed, and none as redirected, without a commit to compare with", () => {
    expect(changedSince()).toEqual(STACKS.map((stack) => `changed ${stack}`));
  });

  it.each(["0".repeat(40), "f".repeat(40)])(
    "counts all as changed and redirected when there is no such commit: %s",
    (base) => {
      expect(changedSince(base)).toEqual([
        ...STACKS.map((stack) => `changed ${stack}`),
        ...STACKS.map((stack) => `redirected ${stack}`),
      ]);
    },
  );

  it("plans a deployment with another backend only after an approval", () => {
    const other = settings("prod").replace("example-terraform-state", "other-terraform-state");
    commit({ "deployments/prod.yaml": other });
    expect(changedSince("HEAD~1")).toEqual(["changed prod", "redirected prod"]);
    const base = checkout.run(environment, "git", "rev-parse", "HEAD~1").trim();
    expect(outputsOf("changed", { BASE: base })).toEqual({
      CHANGED: '["prod"]',
      REDIRECTED: '["prod"]',
      ROTATED: "[]",
    });
    run(gitLab, "changed", {
      CI_PIPELINE_SOURCE: "merge_request_event",
      CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
    });
    expect(parse(text("pipeline.out/child.yml"))).toMatchObject({
      "plan prod": {
        variables: { STACK: "prod", BASE: base },
        environment: { name: "dkp-access-second-reviewer", deployment_tier: "other" },
        rules: [{ when: "manual" }],
      },
    });
    const plan = gitLab(checkout.path, "plan", { ...environment, STACK: "prod", BASE: base });
    // The bucket does not exist.
    expect(runSteps(checkout.path, plan)).toEqual(ended(1, "other-terraform-state"));
    commit({ "deployments/prod.yaml": settings("prod", "tags: { team: platform }\n") });
  });

  it("names a deleted deployment, and plans nothing for it", () => {
    for (const path of ["deployments/dev.yaml", "review/dev", "locks/dev.terraform.lock.hcl"]) {
      rmSync(file(path), { recursive: true });
    }
    commit({});
    expect(changedSince("HEAD~1")).toEqual(["deleted dev"]);
    expect(text("pipeline.out/changed.env")).toBe("CHANGED=[]\nREDIRECTED=[]\nROTATED=[]\n");
    expect(text("pipeline.out/review.md")).toContain(
      "<!-- dkp-access deleted -->\n## Deleted deployments\n\n- `dev`\n\n**Nothing is",
    );
    expect(changedSince("HEAD")).toEqual([""]);
    expect(existsSync(file("pipeline.out/review.md"))).toBe(false);
  });
});
