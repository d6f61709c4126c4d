import { spawnSync } from "node:child_process";
import { statSync, symlinkSync } from "node:fs";
import { parse } from "yaml";
import { folderForEach } from "../helpers/folder";
import { reviewPackOf } from "../helpers/packs";
import { projectFile } from "../helpers/project-root";

/**
 * In place of the program: each command ends with the code of the variable with its name, a plan
 * may have a digest, dev is a stack.
 */
const PROGRAM = `const [command] = process.argv.slice(2);
if (command === "review") console.log("dev");
if (command === "plan" && process.env.DIGEST) require("node:fs").writeFileSync("pipeline.out/digest", process.env.DIGEST);
if (command === "rotate") console.log(process.argv.slice(2).join(" "), require("node:fs").readFileSync("/proc/self/limits", "utf8"));
process.exit(Number(process.env[command] ?? 0));
`;

// With Terraform and the program: e2e/pipelines.test.ts and e2e/changed-deployments.test.ts.
describe("pipeline.sh", () => {
  const { at, read, write } = folderForEach({
    "package/bin/dkp-access": PROGRAM,
    "package/scripts/pipeline.sh": projectFile("scripts/pipeline.sh"),
  });
  const run = (
    program: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ) =>
    spawnSync(program, args, {
      cwd: at(),
      env: { PATH: process.env.PATH, ...variables },
      encoding: "utf8",
    });
  const pipeline = (args: readonly string[], variables = {}) =>
    run("sh", ["package/scripts/pipeline.sh", ...args], variables);

  it.each([
    ["nothing", { plan: "0", drift: "0" }, 0],
    ["a harmless plan that waits", { plan: "0", DIGEST: "d", drift: "0" }, 2],
    ["a breaking plan, and nothing beside the state", { plan: "3", DIGEST: "d", drift: "0" }, 3],
    ["a breaking plan, and objects beside the state", { plan: "3", DIGEST: "d", drift: "2" }, 3],
    ["what cannot be read", { plan: "0", drift: "3" }, 3],
    ["an error, after which nothing runs", { plan: "1", drift: "2" }, 1],
  ])("ends drift with the worst of what is found: %s", (_, variables, status) => {
    expect(pipeline(["drift", "dev"], variables).status).toBe(status);
  });

  it("rotates in the cluster of the stack's context, without core dumps, and ends as the program does", () => {
    const { status, stdout } = pipeline(["rotate", "dev"], { rotate: "2" });
    expect([status, stdout.split(" M")[0]]).toEqual([
      2,
      expect.stringMatching(/^rotate dev --cluster --context dev --yes Limit/),
    ]);
    expect(stdout).toMatch(/Max core file size +0 +0 /);
  });

  it("keeps the worst verdict of a plan and its review pack, in files of its own user", () => {
    expect(pipeline(["plan", "dev", "main"], { plan: "2", DIGEST: "d", diff: "0" }).status).toBe(0);
    expect(read("pipeline.out/plan.env")).toBe("VERDICT=2\nDIGEST=d\n");
    expect(statSync(at("pipeline.out/plan.env")).mode & 0o77).toBe(0);
  });

  it.each([
    ["the worse verdict of both", "main", "2"],
    ["only the plan, without a commit to compare with", "0".repeat(40), "0"],
    ["only the plan, in a job that a person starts", "", "0"],
  ])("judges a plan on main by its review pack as well: %s", (_, base, verdict) => {
    expect(pipeline(["plan", "dev", base], { plan: "0", DIGEST: "d", diff: "2" }).status).toBe(0);
    expect(read("pipeline.out/plan.env")).toBe(`VERDICT=${verdict}\nDIGEST=d\n`);
  });

  it("gives the job plan of GitHub the commit before the push", () => {
    const { jobs } = parse(projectFile("docs/pipelines/github-actions.yml"));
    const steps: readonly { readonly run?: string; readonly env?: object }[] = jobs.plan.steps;
    expect(steps.find(({ run: text = "" }) => text.includes(" plan "))?.env).toEqual({
      BASE: expect.stringMatching(
        / github\.event\.pull_request\.base\.sha \|\| github\.event\.before /,
      ),
    });
  });

  it.each([
    ["0", "apply dev --approved d --accept 0\n", 0],
    [
      "2",
      "the verdict of the job plan is not 0, and --accept allows 0; start apply-attention\n",
      3,
    ],
  ])("applies without a second person on GitLab only verdict 0: %s", (verdict, output, status) => {
    const jobs = parse(projectFile("docs/pipelines/gitlab-ci.yml"));
    write({
      "pipeline.out/plan.env": `VERDICT=${verdict}\nDIGEST=d\n`,
      "node_modules/.bin/dkp-access": '#!/bin/sh\necho "$@"\n',
    });
    const script = jobs[".apply"].script.join("\n");
    const applied = run("sh", ["-e", "-c", `chmod +x node_modules/.bin/*\n${script}`], {
      STACK: "dev",
    });
    expect(applied).toMatchObject({ status, stdout: output });
  });

  it("takes nothing but a verdict and a digest from the file of another job", () => {
    write({ "out/review-dev/plan.env": "VERDICT=2\nDIGEST=$(id)\n" });
    expect(pipeline(["summary", "out", '["dev"]']).stderr).toContain(
      "plan.env: not the verdict and the digest of a plan",
    );
  });

  describe("in a repository", () => {
    const git = (...args: readonly string[]) =>
      run("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args]);
    const commit = (text: string) => {
      const files = {
        "deployments/dev.yaml": text,
        "review/dev/main.tf.json": reviewPackOf(text)["main.tf.json"] ?? "",
      };
      write({ ...files, "locks/dev.terraform.lock.hcl": "" });
      git("add", "deployments", "review", "locks");
      git("commit", "--quiet", "--message", "x");
    };
    beforeEach(() => {
      git("init", "--quiet");
      commit("");
    });

    it.each([
      ["tags: { a: b }", []],
      ["provider: { profile: other }", ["redirected dev"]],
      ["backend: { s3: { bucket: other, region: eu-central-1 } }", ["redirected dev"]],
    ])("names a deployment whose credentials or state go elsewhere: %s", (settings, redirected) => {
      commit(settings);
      expect(pipeline(["changed", "HEAD~1"]).stdout.trim().split("\n")).toEqual([
        "changed dev",
        ...redirected,
      ]);
    });

    it("counts a deployment as changed when the defaults change", () => {
      expect(pipeline(["changed", "HEAD"]).stdout).toBe("");
      write({ "deployments/defaults.yaml": "tags: { a: b }\n" });
      commit("");
      expect(pipeline(["changed", "HEAD~1"]).stdout).toBe("changed dev\n");
    });

    it("counts a deployment as changed when a file that its settings name changes", () => {
      write({ "review/dev/deployment.json": '{ "additionalRolePolicies": ["s3:*"] }' });
      commit("");
      expect(pipeline(["changed", "HEAD~1"]).stdout).toBe("changed dev\n");
    });

    it("counts a deployment as changed that is named, and knows no other name", () => {
      commit("# other");
      expect(pipeline(["changed", "HEAD", "dev"]).stdout).toBe("changed dev\n");
      expect(read("pipeline.out/changed.env")).toBe('CHANGED=["dev"]\nREDIRECTED=[]\nROTATED=[]\n');
      for (const name of ["prod", "de.", "dev;id"]) {
        const refused = `pipeline.sh: there is no deployment ${name}\n`;
        expect(pipeline(["changed", "", name])).toMatchObject({ status: 1, stderr: refused });
      }
    });

    it.each([
      ["schedule", ["rotate"]],
      ["push", []],
      ["merge_request_event", []],
      ["web", []],
    ])("rotates only keys of rotate, and only in a schedule: %s", (event, jobs) => {
      write({ "review/dev/deployment.json": '{ "accessKeys": { "managedBy": "rotate" } }' });
      expect(pipeline(["gitlab", event, ""]).status).toBe(0);
      expect(read("pipeline.out/changed.env")).toContain('ROTATED=["dev"]\n');
      expect(read("pipeline.out/child.yml").match(/^rotate(?= dev: )/gm) ?? []).toEqual(jobs);
    });

    it("gives the job plan of GitLab the commit before the push", () => {
      commit("tags: { a: b }");
      expect(pipeline(["gitlab", "push", "HEAD~1"]).status).toBe(0);
      expect(read("pipeline.out/child.yml")).toContain(
        'plan dev: { extends: .plan, variables: { STACK: dev, BASE: "HEAD~1" }',
      );
    });

    it("rejects another folder of settings, by a variable or by a link", () => {
      const named = pipeline(["changed"], { CDKTF_CONTEXT_JSON: '{"deployments":"elsewhere"}' });
      expect(named).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("CDKTF_CONTEXT_JSON: is set"),
      });
      git("mv", "deployments", "elsewhere");
      symlinkSync("elsewhere", at("deployments"));
      git("add", "--all", "deployments");
      git("commit", "--quiet", "--message", "x");
      const linked = expect.stringContaining("deployments/dev.yaml: is no file of the commit");
      expect(pipeline(["changed"])).toMatchObject({ status: 1, stderr: linked });
    });
  });
});
