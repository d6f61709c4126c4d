import { renameSync } from "node:fs";
import { PassThrough } from "node:stream";
import { parse } from "yaml";
import { projectForEach, SETTINGS, settingsOf } from "../../../../__tests__/helpers/folder";
import { projectFile } from "../../../../__tests__/helpers/project-root";
import { runCli } from "../../../../__tests__/helpers/run-cli";
import { COMMANDS as ROWS } from "../../src/commands/commands";
import { Session } from "../../src/commands/support/session";

const BROKEN = `${settingsOf("b")}protect: 1\n`;
const COMMANDS = Object.keys(ROWS);

describe("dkp-access", () => {
  const { at, names, read, write } = projectForEach();

  it("--help documents the exit codes once", async () => {
    const { stdout } = await runCli("/", ["--help"]);
    const pages = [stdout];
    for (const name of COMMANDS) {
      pages.push((await runCli("/", [name, "--help"])).stdout);
    }
    expect(pages.filter((page) => page.includes("\nExit codes:\n"))).toEqual([stdout]);
    expect(stdout).toMatch(/\nExit codes:\n {2}0 {2}\w.*\n(?: {5}.*\n)* {2}1 {2}\w/);
  });

  it.each(COMMANDS)(
    "%s --help prints what help prints, and two examples, whose options the command has",
    async (name) => {
      const { status, stdout, stderr } = await runCli("/", [name, "--help"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^Usage: dkp-access ${name} `));
      expect((await runCli("/", ["help", name])).stdout).toBe(stdout);
      const [, help = "", ...examples] =
        new RegExp(
          `^([^]*)\nExamples:\n {2}(dkp-access ${name}.*)\n {2}(dkp-access ${name}.*)\n$`,
        ).exec(stdout) ?? [];
      expect(examples).toHaveLength(2);
      const options = examples.join(" ").match(/--[\w-]+/g) ?? [];
      expect(options.filter((option) => !help.includes(`  ${option}`))).toEqual([]);
    },
  );

  it.each([["hand-over", 1]])(
    "%s rejects a stack that is not synthesized or not initialized, with exit code %d",
    async (name, status) => {
      expect(await runCli(at(), [name, "dev"])).toEqual({
        status,
        stdout: "",
        stderr:
          "cdktf.out/stacks/dev: the stack is not synthesized, as in a fresh checkout; run npx dkp-access synth && terraform -chdir=cdktf.out/stacks/dev init\n",
      });
      await runCli(at(), ["synth"]);
      const initialize = {
        status,
        stdout: "",
        stderr:
          "cdktf.out/stacks/dev: tofu has not been initialized there; run tofu -chdir=cdktf.out/stacks/dev init\n",
      };
      expect(await runCli(at(), [name, "dev"], { TERRAFORM_BINARY_NAME: "tofu" })).toEqual(
        initialize,
      );
      renameSync(at("cdktf.out/stacks/dev/cdk.tf.json"), at("cdktf.out/stacks/dev/cdk.tf"));
      expect(await runCli(at(), [name, "dev"], { TERRAFORM_BINARY_NAME: "tofu" })).toEqual(
        initialize,
      );
    },
  );

  it.each([
    [["init", ""], "an argument"],
    [["diff", "--against", ""], "--against"],
    [["policy", "dev", "--explain="], "--explain"],
  ])("%j is an error, and writes nothing", async (args, where) => {
    write({ "README.md": "mine" });
    expect(await runCli(at(), args)).toEqual({
      status: 1,
      stdout: "",
      stderr: `error: ${where} is empty; write a value, or leave it out
dkp-access ${args[0]} --help shows the usage
`,
    });
    expect([names(), read("README.md")]).toEqual([["README.md", "deployments"], "mine"]);
  });

  it.each(["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI"])(
    "--leaked takes the ID of a key alone, and repeats nothing else: %s",
    async (key) => {
      const { stderr } = await runCli(at(), ["rotate", "dev", "--leaked", key]);
      const isRejected = stderr.includes("--leaked: the value is not the ID of an access key");
      const isSecret = !key.startsWith("AKIA");
      expect([isRejected, isSecret && stderr.includes(key)]).toEqual([isSecret, false]);
    },
  );

  it.each([
    ["{ managedBy: none }", [], "accessKeys.managedBy: is none in the settings of dev, "],
    ["{ maxAge: 90 }", ["--out", "key.yaml"], "--out: Terraform creates the key of dev; "],
  ])("rotate creates no key with accessKeys: %s", async (keys, args, message) => {
    write({ "deployments/dev.yaml": `${SETTINGS}accessKeys: ${keys}\n` });
    const { status, stdout, stderr } = await runCli(at(), ["rotate", "dev", ...args]);
    expect([status, stdout, stderr.startsWith(message)]).toEqual([1, "", true]);
  });

  it("keys without arguments reports all deployments, also after one that cannot be read", async () => {
    write({ "deployments/prod.yaml": settingsOf("prod") });
    const { status, stdout, stderr } = await runCli(at(), ["keys"]);
    expect([status, stdout]).toEqual([3, ""]);
    for (const [stack, user] of [
      ["dev", "deckhouse"],
      ["prod", "prod"],
    ]) {
      expect(stderr).toContain(
        `${stack}: the keys of the user ${user} cannot be read: iam:ListAccessKeys: `,
      );
    }
    expect(stderr).toMatch(/\(1 of 2\)\n(?:.*\n)*\w+ \(2 of 2\)\n$/);
  });

  it.each([[["review", "dev"]], [["policy", "dev"]], [["diff", "dev", "--against", "./packs"]]])(
    "%j warns about another invalid deployment and continues",
    async (args) => {
      await runCli(at(), ["review", "--out", "packs"]);
      write({ "deployments/broken.yaml": BROKEN });
      const { status, stderr } = await runCli(at(), args);
      expect({ status, lines: stderr.split("\n").slice(0, 3) }).toEqual({
        status: 0,
        lines: [
          "warning: deployments/broken.yaml has 1 error:",
          "  line 5, protect: 1 is not true or false",
          "warning: continuing with dev",
        ],
      });
    },
  );

  it("warns once about an invalid deployment when several others are named", async () => {
    write({ "deployments/prod.yaml": settingsOf("prod"), "deployments/broken.yaml": BROKEN });
    const { status, stderr } = await runCli(at(), ["review", "dev", "prod"]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `warning: deployments/broken.yaml has 1 error:
  line 5, protect: 1 is not true or false
warning: continuing with dev, prod
`,
    });
  });

  it("adds the stack trace of an error with DEBUG=1 only", async () => {
    const message = 'no deployment "dv" in deployments, did you mean "dev"?\n';
    expect((await runCli(at(), ["policy", "dv"])).stderr).toBe(message);
    expect((await runCli(at(), ["policy", "dv"], { DEBUG: "1" })).stderr).toContain(
      `Error: ${message}    at `,
    );
  });
});

const CLUSTER =
  "region: eu-central-1\nbackend: { local: {} }\ncluster: { prefix: dev, layout: Standard }\n";

describe("dkp-access policy", () => {
  const { at } = projectForEach(CLUSTER);
  const policy = (...args: string[]) => runCli(at(), ["policy", ...args]);

  /** As AWS counts it: an account has 12 digits. */
  const sizeOf = (text: string) =>
    JSON.stringify(JSON.parse(text)).replaceAll("ACCOUNT_ID", "123456789012").length;

  it("prints the policy on standard output, and its size on standard error", async () => {
    const { status, stdout, stderr } = await policy("dev");
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `documented: 2 statements, ${sizeOf(stdout)} of 6144 characters\n`,
    });
    expect(Object.keys(JSON.parse(stdout))).toEqual(["Statement", "Version"]);
  });

  it("prints another mode without a change of the settings, and ACCOUNT_ID where the account is unknown", async () => {
    const { stdout, stderr } = await policy("dev", "--mode", "minimal");
    const sizes = JSON.parse(stdout).map((policy: { Statement: unknown[] }) => {
      return `${policy.Statement.length} statements, ${sizeOf(JSON.stringify(policy))} of 6144 characters`;
    });
    expect(stderr).toBe(`minimal: ${sizes.join("; ")}\n`);
    expect(stdout).toContain('"arn:aws:iam::ACCOUNT_ID:role/dev-node"');
  });

  it("uses the only deployment when no stack is named", async () => {
    expect((await policy()).stdout).toBe((await policy("dev")).stdout);
  });

  it("prints JSON with --format json", async () => {
    const printed = JSON.parse((await policy("--format", "json")).stdout);
    const { stdout } = await policy();
    expect(printed).toMatchObject({
      mode: "documented",
      limit: 6144,
      policies: [{ size: sizeOf(stdout), policy: JSON.parse(stdout) }],
    });
  });

  it("explains an action, with the resources and conditions that it is limited to", async () => {
    expect((await policy("dev", "--mode", "scoped", "--explain", "iam:passrole")).stdout).toContain(
      `allowed: statement PassNodeRole, on arn:aws:iam::ACCOUNT_ID:role/dev-node
           only if iam:PassedToService StringEquals ec2.amazonaws.com\n`,
    );
  });

  describe("--trust", () => {
    const inAccount = projectForEach(`${CLUSTER}accountId: "123456789012"\n`);
    const trust = (system: string, name: string, ...role: readonly string[]) =>
      runCli(inAccount.at(), ["policy", "dev", "--trust", system, "--repository", name, ...role]);
    const policyOf = async (role: string, system: string, name: string) =>
      JSON.parse((await trust(system, name, "--role", role)).stdout);
    const conditionOf = async (role: string, system: string, name: string) =>
      (await policyOf(role, system, name)).Statement[0].Condition as object;

    it("prints who may assume a role of a pipeline", async () => {
      expect(await policyOf("deployer", "github", "acme/dkp-access")).toEqual({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: {
              Federated:
                "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
            },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: {
              StringEquals: {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": [
                  "repo:acme/dkp-access:environment:dkp-access-apply",
                ],
              },
            },
          },
        ],
      });
      expect(await trust("github", "acme/dkp-access")).toMatchObject({
        status: 1,
        stderr:
          "--role: is missing, and IAM takes the policy of one role; add --role with one of planner, deployer, rotator\n",
      });
    });

    it("warns of a repository on GitHub without IDs, whose tokens may have them", async () => {
      expect((await trust("github", "acme/dkp-access", "--role", "planner")).stderr).toBe(
        "warning: --repository has no IDs, so no job of a repository that was created, renamed or transferred since 15 July 2026 can assume these roles; write OWNER@ID/NAME@ID for such a one: docs/how-to/state-bucket.md\n",
      );
      expect((await trust("github", "acme@1/dkp-access@23", "--role", "planner")).stderr).toBe("");
      expect((await trust("gitlab", "acme/dkp-access", "--role", "planner")).stderr).toBe("");
    });

    it.each(["acme@1/dkp-access@23", "repo:acme@1/dkp-access@23"])(
      "takes the IDs of GitHub's subjects: %s",
      async (name) => {
        const subjects = [
          "pull_request",
          "ref:refs/heads/main",
          "environment:dkp-access-second-reviewer",
        ];
        expect(await conditionOf("planner", "github", name)).toMatchObject({
          StringEquals: {
            "token.actions.githubusercontent.com:sub": subjects.map(
              (subject) => `repo:acme@1/dkp-access@23:${subject}`,
            ),
          },
        });
      },
    );

    it.each([
      ["acme/infra/dkp", "gitlab.com", "project_path:acme/infra/dkp"],
      ["https://gitlab.example.com/acme/dkp", "gitlab.example.com", "project_path:acme/dkp"],
      ["https://gitlab.example.com/42", "gitlab.example.com", "project_id:42"],
      ["https://gitlab.com/acme.infra/dkp", "gitlab.com", "project_path:acme.infra/dkp"],
    ])("takes the path or the ID of a project on GitLab: %s", async (name, host, project) => {
      expect(await conditionOf("planner", "gitlab", name)).toEqual({
        StringEquals: { [`${host}:aud`]: "dkp-access-plan" },
        StringLike: { [`${host}:sub`]: [`${project}:ref_type:branch:ref:*`] },
      });
      const subject = `${project}:ref_type:branch:ref:main:environment_protected:true:deployment_tier:production`;
      expect(await conditionOf("deployer", "gitlab", name)).toEqual({
        StringEquals: { [`${host}:aud`]: "dkp-access-apply", [`${host}:sub`]: [subject] },
      });
    });

    it("names the environments and the audiences of the pipeline files", async () => {
      const { jobs } = parse(projectFile("docs/pipelines/github-actions.yml"));
      const gitLab = parse(projectFile("docs/pipelines/gitlab-ci.yml"));
      for (const [role, job, gitLabJob, tier] of [
        ["planner", "second-reviewer", ".terraform", undefined],
        ["deployer", "apply", ".apply", "production"],
        ["rotator", "rotate", ".rotate", "staging"],
      ] as const) {
        expect(JSON.stringify(await conditionOf(role, "github", "acme/dkp"))).toContain(
          `:environment:${jobs[job].environment}"`,
        );
        const { id_tokens, environment } = gitLab[gitLabJob];
        expect(await conditionOf(role, "gitlab", "acme/dkp")).toMatchObject({
          StringEquals: { "gitlab.com:aud": id_tokens.AWS_ID_TOKEN.aud },
        });
        expect(environment?.deployment_tier).toBe(tier);
      }
      expect(gitLab[".rotate"].rules).toEqual([
        { if: "$ROTATE_ROLE_ARN && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" },
      ]);
    });

    it.each([
      [
        "github",
        "token.actions.githubusercontent.com",
        "sts.amazonaws.com",
        "repo:acme/dkp:environment:dkp-access-rotate",
      ],
      [
        "gitlab",
        "gitlab.com",
        "dkp-access-rotate",
        "project_path:acme/dkp:ref_type:branch:ref:main:environment_protected:true:deployment_tier:staging",
      ],
    ])(
      "lets only one job of %s assume the role that rotates",
      async (system, host, audience, subject) => {
        expect(await conditionOf("rotator", system, "acme/dkp")).toEqual({
          StringEquals: { [`${host}:aud`]: audience, [`${host}:sub`]: [subject] },
        });
      },
    );

    it.each([
      ["github", "dkp-access"],
      ["github", "acme/*"],
      ["github", "acme@1/dkp-access"],
      ["gitlab", "http://gitlab.example.com/acme/dkp"],
      ["gitlab", "gitlab.example.com/acme/dkp"],
      ["gitlab", "acme"],
      ["gitlab", "acme/*"],
    ])("rejects what names no repository: %s %s", async (system, name) => {
      const { status, stderr } = await trust(system, name, "--role", "planner");
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringContaining(
          `--repository: "${name}" is not a repository on ${system}; write `,
        ),
      });
    });

    it("requires accountId", async () => {
      const { status, stderr } = await policy(
        "dev",
        "--trust",
        "github",
        "--repository",
        "acme/dkp-access",
        "--role",
        "planner",
      );
      const reason =
        "accountId: not set, and a trust policy names the account of its identity provider; set it";
      expect({ status, stderr }).toEqual({ status: 1, stderr: `dev: ${reason}\n` });
    });
  });
});

const sessionOf = () => {
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  return { session: new Session({ env: {}, versions: { node: "20" }, ...streams }), ...streams };
};

it("the exit code of several deployments is that of the weightiest result, in whatever order they are reported", () => {
  const codeOf = (...codes: readonly (0 | 1 | 2 | 3)[]) => {
    const { session } = sessionOf();
    for (const code of codes) {
      session.raise(code);
    }
    return session.exitCode;
  };
  expect([codeOf(), codeOf(3, 2, 0), codeOf(0, 2, 0), codeOf(2, 3, 1)]).toEqual([0, 3, 2, 3]);
  // An error outweighs what only requires attention.
  expect([codeOf(2, 1), codeOf(1, 2)]).toEqual([1, 1]);
});

it("no output has a workflow command or controls the terminal, whatever values it contains", () => {
  const { session, stdout, stderr } = sessionOf();
  const hostile = "s3:hostile\n::error::X\u001b[2J ##[add-mask]y\n";
  session.print(hostile);
  session.printJson({ hostile });
  session.printError(hostile);
  session.fail(new Error(hostile));
  for (const stream of [stdout, stderr]) {
    const lines = String(stream.read()).split("\n");
    expect(lines.filter((line) => line.includes("s3:hostile"))).toHaveLength(2);
    expect(lines.filter((line) => /^\s*::|##\[|\p{Cc}/u.test(line))).toEqual([]);
  }
});
