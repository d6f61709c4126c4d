import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { blockWith } from "../helpers/blocks";
import { PROJECT } from "../helpers/project-root";
import { install, pack, packProject } from "./support/consumer";
import { LocalAws } from "./support/local-aws";
import { folder, write } from "./support/project";
import { type Finished, mustSucceed, runIn, terraformEnvironment } from "./support/terraform";

/** The commit whose package a user has: each later change of what it wrote must be one that users can take. */
const EARLIER = "8fee0461995998d7dc079f8a25cb283e8cc70bfe";

const cluster = (prefix: string) => `cluster: { prefix: ${prefix}, layout: WithoutNAT, tags: { environment: ${prefix} } }\n`;
const settings = (name: string, mode: string, more = "", region = "eu-central-1") => `region: ${region}
backend: { s3: { bucket: example-terraform-state, region: eu-central-1, use_path_style: true } }
user: { name: ${name} }
policy: { name: ${name}, mode: ${mode} }
${more}`;

const DEPLOYMENTS: Readonly<Record<string, string>> = {
  china: settings("china", "minimal", cluster("china"), "cn-north-1"),
  documented: settings("documented", "documented"),
  // With two policies in the earlier version too, of which the second one has another name there.
  large: settings(
    "large",
    "scoped",
    `nodeRole: { name: large-nodes }
cluster: { prefix: large, existingVPCID: vpc-0123456789abcdef0, peeredVPCs: [vpc-0123456789abcdef1], peerAccountIds: ["210987654321"] }
features: [drift-repair, encrypted-volumes, fast-snapshot-restore, instance-type-change, nlb-security-groups, nlb-target-group-attributes, spot-instances, volume-cloning, volume-snapshots]
`,
  ),
  minimal: settings("minimal", "minimal", cluster("minimal")),
  scoped: settings("scoped", "scoped", `nodeRole: { name: scoped-nodes }\n${cluster("scoped")}`),
};
const STACKS = Object.keys(DEPLOYMENTS);
const ROLE_POLICIES = ["deployer-policy.json", "planner-policy.json"];

/** Packs an earlier commit of this project. @throws Error if the clone does not have it */
function packedEarlier(): string {
  if (spawnSync("git", ["cat-file", "-e", `${EARLIER}^{commit}`], { cwd: PROJECT }).status !== 0) {
    throw new Error(`this clone lacks the commit ${EARLIER}; fetch the whole history: git fetch --unshallow`);
  }
  const path = folder();
  mustSucceed(runIn(PROJECT, process.env, "sh", "-c", `git archive ${EARLIER} | tar -x -C ${path}`));
  install(path);
  return join(path, pack(path, path).filename);
}

describe("a repository with the package of an earlier commit, after the commands of docs/how-to/upgrade.md", () => {
  let repository: string;
  let environment: Record<string, string>;
  let before: string;
  let later: string;

  const attempt = (...[program = "", ...args]: readonly string[]): Finished => runIn(repository, environment, program, ...args);
  const run = (...command: readonly string[]): string => {
    return mustSucceed(attempt(...command));
  };
  const npm = (...args: readonly string[]) => mustSucceed(runIn(repository, process.env, "npm", ...args));
  const commit = (message: string) =>
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", `--message=${message}`);
  const terraformJson = () => readFileSync(join(repository, "cdktf.out/stacks/documented/cdk.tf.json"), "utf8");
  const program = (...args: readonly string[]) => attempt("npx", "dkp-access", ...args);

  beforeAll(async () => {
    const aws = await LocalAws.start();
    await aws.createBucket("example-terraform-state");
    environment = { ...terraformEnvironment(aws), CI: "1" };
    repository = folder({
      "package.json": JSON.stringify({ private: true }),
      ".npmrc": readFileSync(join(PROJECT, "templates/npmrc"), "utf8"),
      ".gitignore": readFileSync(join(PROJECT, "templates/gitignore"), "utf8"),
      "cdktf.json": "{}",
    });
    write(
      repository,
      Object.fromEntries(Object.entries(DEPLOYMENTS).map(([stack, text]) => [`deployments/${stack}.yaml`, text])),
    );
    run("cp", packedEarlier(), repository);
    // Without CDKTF, which the program contains, and without the AWS SDK.
    npm("install", "--save-exact", "--prefer-offline", "--legacy-peer-deps", "--omit=optional", "./dkp-access-0.2.0.tgz");
    run("npx", "dkp-access", "synth");
    run("npx", "dkp-access", "review");
    before = terraformJson();
    run("git", "init", "--quiet");
    run("git", "add", "--all");
    commit("the earlier version");
    for (const stack of STACKS) {
      run("terraform", `-chdir=cdktf.out/stacks/${stack}`, "init", "-no-color");
      run("terraform", `-chdir=cdktf.out/stacks/${stack}`, "apply", "-no-color", "-auto-approve");
    }
    later = basename(packProject(repository, "0.2.0-g01234567").filename);
  });

  it("has an outdated review pack, and no breaking change", () => {
    const [installation = "", review = "", diff = "", toCommit = ""] = blockWith(
      "git rm dkp-access-OLD",
      "docs/how-to/upgrade.md",
    )
      .replaceAll("VERSION.tgz", "0.2.0-g01234567.tgz")
      .replaceAll("OLD.tgz", "0.2.0.tgz")
      .trim()
      .split("\n");
    npm(...installation.replace(/ +#.*/, "").split(" ").slice(1), "--prefer-offline");
    expect(run("npx", "dkp-access", "--version")).toBe("0.2.0-g01234567\n");
    expect(program("review", "--check")).toEqual({
      status: 1,
      output: expect.stringContaining("review is not up to date; run npx dkp-access review and commit the result:"),
    });
    const shell = (line: string) => attempt("sh", "-c", line);
    const written = shell(review);
    const changed = ROLE_POLICIES.map((file) => `  review/documented/${file}\n`).join("");
    expect(written).toEqual({ status: 0, output: expect.stringContaining(changed) });
    expect(written.output).toContain("removed review/documented/deployer-trust-github.json\n");
    const { status, output } = shell(diff);
    expect({ status, output }).toEqual({ status: 2, output: expect.not.stringContaining("breaking change") });
    for (const file of ROLE_POLICIES) {
      expect(output).toContain(`- ${file} now allows more`);
    }
    expect(output.match(/^- the policy "large-2-\w+" gets the name "large-2": the new policy is created/gm)).toHaveLength(1);
    mustSucceed(shell(toCommit));
    commit("the later version");
    expect(run("git", "ls-files", "*.tgz")).toBe(`${later}\n`);
    expect(run("git", "status", "--short")).toBe("");
    expect(program("review", "--check")).toMatchObject({ status: 0 });
  });

  it("writes the same Terraform JSON with the mode documented", () => {
    run("npx", "dkp-access", "synth");
    expect(terraformJson()).toEqual(before);
  });

  it.each(STACKS)("applies without a breaking change, and then has keys and no drift: %s", (stack) => {
    const region = stack === "china" ? "cn-north-1" : "eu-central-1";
    environment = { ...environment, AWS_REGION: region };
    const planned = program("plan", stack);
    expect(planned).toMatchObject({ status: stack === "documented" ? 0 : 2 });
    const [, digest = "0".repeat(64)] = /^Digest: ([0-9a-f]{64})$/m.exec(planned.output) ?? [];
    expect(program("apply", stack, "--approved", digest, "--accept", "2")).toMatchObject({ status: 0 });
    expect(program("plan", stack)).toEqual({ status: 0, output: expect.stringContaining(`Unchanged: ${stack}\n`) });
    expect(program("keys", stack)).toEqual({ status: 0, output: expect.stringContaining("plaintext") });
    expect(program("drift", stack)).toMatchObject({ status: 0 });
  });
});
