import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { blockWith } from "../helpers/blocks";
import { rows } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { install, linkPackages, pack, packProject } from "./support/consumer";
import { LocalAws } from "./support/local-aws";
import { folder, write } from "./support/project";
import { ended, mustSucceed, runIn, terraformEnvironment } from "./support/terraform";

const STATE =
  "backend: { s3: { bucket: example-terraform-state, region: eu-central-1, use_path_style: true } }\n";
const cluster = (prefix: string) =>
  `cluster: { prefix: ${prefix}, layout: WithoutNAT, tags: { environment: ${prefix} } }\n`;
const settings = (
  name: string,
  mode: string,
  more = "",
  region = "eu-central-1",
) => `region: ${region}
${STATE}user: { name: ${name} }
policy: { name: ${name}, mode: ${mode} }
${more}`;

/** With two policies in the earlier versions too. */
const LARGE = settings(
  "large",
  "scoped",
  `nodeRole: { name: large-nodes }
cluster: { prefix: large, existingVPCID: vpc-0123456789abcdef0, peeredVPCs: [vpc-0123456789abcdef1], peerAccountIds: ["210987654321"] }
features: [drift-repair, encrypted-volumes, fast-snapshot-restore, instance-type-change, nlb-security-groups, nlb-target-group-attributes, spot-instances, volume-cloning, volume-snapshots]
`,
);

/**
 * Commits whose packages users have: users must be able to take each later change of the written
 * files.
 */
const EARLIER: readonly {
  readonly commit: string;
  readonly deployments: Readonly<Record<string, string>>;
  readonly written: readonly string[];
  readonly verdict: 0 | 2;
  /** What `diff` prints once. */
  readonly said: readonly RegExp[];
  /** The deployments whose plan needs no answer. */
  readonly calm: readonly string[];
}[] = [
  {
    commit: "8fee0461995998d7dc079f8a25cb283e8cc70bfe",
    deployments: {
      china: settings("china", "minimal", cluster("china"), "cn-north-1"),
      documented: settings("documented", "documented"),
      // The second policy has another name there.
      large: LARGE,
      minimal: settings("minimal", "minimal", cluster("minimal")),
      scoped: settings(
        "scoped",
        "scoped",
        `nodeRole: { name: scoped-nodes }\n${cluster("scoped")}`,
      ),
    },
    written: [
      "  review/documented/deployer-policy.json\n  review/documented/deployment.json\n  review/documented/planner-policy.json\n",
      "removed review/documented/deployer-trust-github.json\n",
    ],
    verdict: 2,
    said: [
      /^ *- deployer-policy\.json now allows more/gm,
      /^ *- planner-policy\.json now allows more/gm,
      /^ *- the policy "large-2-\w+" gets the name "large-2": the new policy is created/gm,
    ],
    calm: ["china", "documented", "minimal", "scoped"],
  },
  {
    commit: "676745d5313c7b104229a39ca53b107c90e57730",
    deployments: {
      documented: settings("documented", "documented"),
      large: LARGE,
      minimal: settings("minimal", "minimal", cluster("minimal")),
    },
    written: ["  review/minimal/policy.json\n"],
    // The two files allow iam:GetAccessKeyLastUsed.
    verdict: 2,
    said: [
      /^ *- deployer-policy\.json now allows more: iam:GetAccessKeyLastUsed, and this change uses none of it/gm,
      /^ *- planner-policy\.json now allows more: iam:GetAccessKeyLastUsed, and this change uses none of it/gm,
      /^ *- created: policy "minimal-2"/gm,
    ],
    calm: ["documented", "large", "minimal"],
  },
];

const SCOPED = `policy: { mode: scoped }\n${cluster("dev")}`;
const SLOTS = "primary: {}, secondary: { status: Active }, current: secondary";

/** Live deployments with settings that were removed, each in an account of its own. */
const REMOVED: readonly {
  readonly what: string;
  readonly live: string;
  readonly fields: readonly string[];
  /** Steps of `synth` with the former version: settings to apply, or the command that it prints. */
  readonly steps?: readonly (string | RegExp)[];
  readonly rest: string;
  /** The exit code and a sentence of `plan` then. */
  readonly planned: readonly [status: 0 | 2, said: string];
  readonly groups?: readonly string[];
}[] = [
  {
    what: "attachment: group",
    live: "attachment: group\ngroup: { name: dkp }\n",
    fields: ["attachment", "group"],
    steps: ["attachment: user-and-group\ngroup: { name: dkp }\n", "attachment: user\n"],
    rest: "",
    planned: [0, "Nothing to apply."],
  },
  {
    what: "attachment: user-and-group",
    live: `attachment: user-and-group\n${SCOPED}`,
    fields: ["attachment"],
    steps: [`attachment: user\n${SCOPED}`],
    rest: SCOPED,
    planned: [0, 'Terraform creates the policy "D8CloudProviderAWS-2"'],
  },
  {
    what: "import.group",
    live: "attachment: group\ngroup: { name: operators }\nimport: { group: true }\n",
    fields: ["attachment", "group", "import.group"],
    steps: [
      "attachment: user-and-group\ngroup: { name: operators }\n",
      /terraform state rm \S+/,
      "attachment: user\n",
    ],
    rest: "",
    planned: [0, "Nothing to apply."],
    groups: ["operators"],
  },
  {
    what: "accessKeys.allowPlaintext",
    live: `accessKeys: { ${SLOTS}, allowPlaintext: true }\n`,
    fields: ["accessKeys.allowPlaintext"],
    rest: `accessKeys: { ${SLOTS} }\n`,
    planned: [0, "Nothing to apply."],
  },
  {
    what: "settings that change no object but the policy",
    live: `policy: { supplement: false, description: Our policy }
user: { forceDestroy: true }
cluster: { dkpVersion: "1.72" }
`,
    fields: ["policy.supplement", "policy.description", "user.forceDestroy", "cluster.dkpVersion"],
    rest: "",
    planned: [2, "Broadened permissions: 3 actions added"],
  },
];

/**
 * Packs an earlier commit of this project, once for all runs that have the same folder
 * `E2E_EARLIER`.
 * @throws Error if the clone does not have it
 */
function packedEarlier(commit: string) {
  const packed = join(process.env.E2E_EARLIER ?? folder(), `${commit}.tgz`);
  if (existsSync(packed)) {
    return packed;
  }
  if (spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: PROJECT }).status !== 0) {
    throw new Error(
      `this clone lacks the commit ${commit}; fetch the whole history: git fetch --unshallow`,
    );
  }
  const path = folder();
  mustSucceed(runIn(PROJECT, process.env, "sh", "-c", `git archive ${commit} | tar -x -C ${path}`));
  install(path);
  mkdirSync(dirname(packed), { recursive: true });
  cpSync(join(path, pack(path, path).filename), `${packed}-`);
  renameSync(`${packed}-`, packed);
  return packed;
}

describe.each(rows(EARLIER, 2))(
  "a repository with the package of $commit, upgraded by docs/how-to/upgrade.md",
  (earlier) => {
    const stacks = Object.keys(earlier.deployments);
    let repository: string;
    let environment: Record<string, string>;
    let before: string;
    let later: string;
    let former: string;

    const attempt = (...[program = "", ...args]: readonly string[]) =>
      runIn(repository, environment, program, ...args);
    const run = (...command: readonly string[]) => {
      return mustSucceed(attempt(...command));
    };
    const npm = (...args: readonly string[]) =>
      mustSucceed(runIn(repository, process.env, "npm", ...args));
    const commit = (message: string) =>
      run(
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "commit",
        "--quiet",
        `--message=${message}`,
      );
    const terraformJson = () =>
      readFileSync(join(repository, "cdktf.out/stacks/documented/cdk.tf.json"), "utf8");
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
        Object.fromEntries(
          Object.entries(earlier.deployments).map(([stack, text]) => [
            `deployments/${stack}.yaml`,
            text,
          ]),
        ),
      );
      cpSync(packedEarlier(earlier.commit), join(repository, "dkp-access-0.2.0.tgz"));
      // Without CDKTF, which the program contains, and without the AWS SDK.
      npm(
        "install",
        "--save-exact",
        "--prefer-offline",
        "--legacy-peer-deps",
        "--omit=optional",
        "./dkp-access-0.2.0.tgz",
      );
      former = folder();
      linkPackages(repository, former);
      run("npx", "dkp-access", "synth");
      run("npx", "dkp-access", "review");
      before = terraformJson();
      run("git", "init", "--quiet");
      run("git", "add", "--all");
      commit("the earlier version");
      for (const stack of stacks) {
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
      expect(program("review", "--check")).toEqual(
        ended(1, "review is not up to date; run npx dkp-access review and commit the result:"),
      );
      const shell = (line: string) => attempt("sh", "-c", line);
      const written = shell(review);
      expect(written.status).toBe(0);
      for (const text of earlier.written) {
        expect(written.output).toContain(text);
      }
      const { status, output } = shell(diff);
      expect({ status, output }).toEqual({
        status: earlier.verdict,
        output: expect.not.stringContaining("breaking change"),
      });
      expect(output).not.toContain("can do less");
      for (const sentence of earlier.said) {
        expect([output, output.match(sentence)?.length]).toEqual([output, 1]);
      }
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

    it.each(stacks)(
      "applies without a breaking change, and then has keys and no drift: %s",
      (stack) => {
        const region = stack === "china" ? "cn-north-1" : "eu-central-1";
        environment = { ...environment, AWS_REGION: region };
        const planned = program("plan", stack);
        expect(planned).toMatchObject({ status: earlier.calm.includes(stack) ? 0 : 2 });
        const [, digest = "0".repeat(64)] = /--approved ([0-9a-f]{64})/.exec(planned.output) ?? [];
        expect(program("apply", stack, "--approved", digest, "--accept", "2")).toMatchObject({
          status: 0,
        });
        expect(program("plan", stack)).toEqual(ended(0, `Unchanged: ${stack}\n`));
        expect(program("keys", stack)).toEqual(ended(0, "plaintext"));
        expect(program("drift", stack)).toMatchObject({ status: 0 });
      },
    );

    it.each(rows(REMOVED, REMOVED.length))(
      "leads a live deployment out of settings that were removed: $what",
      async ({ live, fields, steps = [], rest, planned: [status, said], groups = [] }) => {
        const aws = await LocalAws.start();
        await aws.createBucket("example-terraform-state");
        for (const GroupName of groups) {
          await aws.iam().createGroup({ GroupName });
        }
        const own = { ...terraformEnvironment(aws), CI: "1", AWS_REGION: "eu-central-1" };
        const project = folder({ "cdktf.json": "{}" });
        const stack = join(project, "cdktf.out/stacks/dev");
        const set = (text: string) =>
          write(project, { "deployments/dev.yaml": `region: eu-central-1\n${STATE}${text}` });
        const runFrom = (packages: string, ...args: readonly string[]) =>
          runIn(project, own, join(packages, "node_modules/.bin/dkp-access"), ...args);
        const terraform = (...args: readonly string[]) =>
          mustSucceed(runIn(stack, own, "terraform", ...args));
        const applyBefore = (text: string) => {
          set(text);
          mustSucceed(runFrom(former, "synth"));
          terraform("init", "-no-color");
          terraform("apply", "-no-color", "-auto-approve");
        };
        applyBefore(live);
        const { status: failed, output: errors } = runFrom(repository, "synth");
        const named = [...errors.matchAll(/^ {2}line \d+, ([\w.]+): was removed /gm)];
        expect([failed, named.map(([, field]) => field)]).toEqual([1, fields]);
        for (const step of steps) {
          if (typeof step === "string") {
            applyBefore(step);
          } else {
            const [, ...args] = (step.exec(errors)?.[0] ?? errors).split(" ");
            terraform(...args);
          }
        }
        set(rest);
        const planned = runFrom(repository, "plan", "dev");
        expect(planned).toEqual({ status, output: expect.stringContaining(said) });
        expect(planned.output).not.toMatch(/breaking change|can do less/);
        const [, digest = "0".repeat(64)] = /--approved ([0-9a-f]{64})/.exec(planned.output) ?? [];
        mustSucceed(runFrom(repository, "apply", "dev", "--approved", digest, "--accept", "2"));
        expect(mustSucceed(runFrom(repository, "plan", "dev"))).toContain("Unchanged: dev\n");
        expect(mustSucceed(runFrom(repository, "keys", "dev"))).toContain("Active");
        const { Groups } = await aws.iam().listGroups({});
        expect(Groups?.map(({ GroupName }) => GroupName)).toEqual(groups);
        const { AttachedPolicies } = await aws
          .iam()
          .listAttachedUserPolicies({ UserName: "deckhouse" });
        expect(AttachedPolicies).not.toEqual([]);
      },
    );
  },
);
