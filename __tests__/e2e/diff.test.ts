import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RuleId } from "../../packages/cli/src/diff/change-rules";
import { changesExitCode, changesJson } from "../../packages/cli/src/diff/changes";
import { readPlan } from "../../packages/cli/src/diff/plan-file";
import { changesOfPlan } from "../../packages/cli/src/diff/plans/plan-findings";
import { changesMarkdown, changesText } from "../../packages/cli/src/diff/render-summary";
import { actionsOf, between, resourcesOf, seriousRules, verdictOf } from "../helpers/diff";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import type { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nprotect: false\n";
const NODES = "nodeRole: { name: n }";
const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev }";
const OTHER = "1 other change requires attention.";
const ONE_KEY = "1 change of an access key that DKP may use.";
const ROTATED = "accessKeys: { managedBy: rotate }";

/**
 * Consecutive changes of one live deployment: the change, the settings after it, exit code, the
 * beginning of the headline after the level, and the rules of the findings.
 */
const CHANGES: readonly (readonly [string, string, 0 | 2 | 3, string, readonly RuleId[]])[] = [
  ["the first tag", "tags: { a: b }", 2, OTHER, ["tags-changed"]],
  ["another value of a tag", "tags: { a: c }", 2, OTHER, ["tags-changed"]],
  ["a second tag", "tags: { a: c, d: e }", 2, OTHER, ["tags-changed"]],
  ["no tag any more", "", 2, OTHER, ["tags-changed"]],
  ["a key that Terraform forgets", ROTATED, 2, ONE_KEY, ["key-forgotten"]],
  [
    "a role for nodes",
    `${ROTATED}\n${NODES}`,
    2,
    "The node role can do more.",
    ["permissions-broadened", "trust-changed"],
  ],
  [
    "no role for nodes any more, and the first key, each in one step",
    "",
    3,
    "1 breaking change.",
    ["destroyed", "first-key", "permissions-narrowed", "secret-output", "plaintext-in-state"],
  ],
  ["a narrower policy", SCOPED, 2, "The key can do less.", ["permissions-narrowed"]],
  ["a broader policy", "", 2, "The key can do more.", ["permissions-broadened"]],
];

describe("the change summary of a plan", () => {
  let deployments: Deployments;
  let terraform: Terraform;
  let before = "";
  let summaries = "";
  const secrets = new Set<string>();

  const planned = (more: string, ...args: readonly string[]) => {
    deployments.change(`${SETTINGS}backend: { local: {} }\n${more}\n`);
    terraform.run("plan", "-out=plan", ...args);
    const changes = changesOfPlan(
      readPlan("plan", terraform.run("show", "-json", "plan")),
      "deckhouse",
      "Plan",
    );
    summaries += changesMarkdown(changes) + changesText(changes) + changesJson(changes);
    return changes;
  };
  const apply = () => {
    terraform.run("apply", "plan");
    const state = readFileSync(join(deployments.path, "terraform.deckhouse.tfstate"), "utf8");
    for (const [, secret = ""] of state.matchAll(/"(?:secret|ses_smtp_password_v4)": "([^"]+)"/g)) {
      secrets.add(secret);
    }
  };

  beforeAll(async () => {
    deployments = Deployments.of(`${SETTINGS}backend: { local: {} }\n`);
    terraform = deployments.terraform(await LocalAws.start());
    terraform.init();
  });

  it("reports the first apply as broadened: a user with all permissions, and a key", () => {
    const changes = planned("");
    expect(actionsOf(changes, "permissions-broadened")).toHaveLength(128);
    expect(actionsOf(changes, "permissions-narrowed")).toEqual([]);
    apply();
    expect(planned("").deployments[0]).toMatchObject({ state: "unchanged" });
  });

  it.each(CHANGES)(
    "has the level that the comparison of the settings has: %s",
    (_, after, exitCode, headline, rules) => {
      const changes = planned(after);
      const compared = between(SETTINGS + before, SETTINGS + after);
      before = after;
      apply();
      expect({
        planned: verdictOf(changes),
        compared: changesExitCode(compared),
        headline: /^Verdict: [\w ]+ \(exit code \d\)\. (.*)/
          .exec(changesText(changes))?.[1]
          ?.slice(0, headline.length),
      }).toEqual({ planned: [exitCode, ...rules], compared: exitCode, headline });
    },
  );

  it.each([
    [
      "new names of the user and the policy",
      "user: { name: other }\npolicy: { name: Other }",
      [],
      ["user-renamed", "destroyed", "destroyed", "destroyed"],
    ],
    [
      "the end of the deployment",
      "",
      ["-destroy"],
      ["destroyed", "destroyed", "destroyed", "permissions-narrowed"],
    ],
  ])("reports breaking changes of %s", (_, more, args, expected) => {
    expect(verdictOf(planned(more, ...args))).toEqual([3, ...expected]);
  });

  it("reports imports, and that the other policies of an imported user are not compared", () => {
    terraform.run(
      "state",
      "rm",
      "aws_iam_user.user",
      "aws_iam_policy.policy",
      "aws_iam_access_key.user",
    );
    terraform.run("state", "rm", "aws_iam_user_policy_attachment.policy-attachment");
    const imported = `${ROTATED}\nimport: { user: true, policy: true, attachment: true }`;
    const changes = planned(imported);
    expect(seriousRules(changes)).toEqual(["import-not-compared"]);
    const resources = changes.deployments.flatMap(resourcesOf);
    expect([resources.length, resources.filter((line) => !line.startsWith("imported"))]).toEqual([
      3,
      [],
    ]);
  });

  it("contains no secret in any format", () => {
    expect(secrets.size).toBe(4); // of two keys, each with a password for SMTP
    expect(summaries.length).toBeGreaterThan(10_000);
    expect([...secrets].filter((secret) => summaries.includes(secret))).toEqual([]);
  });
});
