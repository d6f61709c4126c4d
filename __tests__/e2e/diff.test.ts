import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RuleId } from "../../src/cli/diff/change-rules";
import { type Changes, changesJson } from "../../src/cli/diff/changes";
import { readPlan } from "../../src/cli/diff/plan-file";
import { changesOfPlan } from "../../src/cli/diff/plans/plan-findings";
import { changesMarkdown, changesText } from "../../src/cli/diff/render-summary";
import { actionsOf, resourcesOf, seriousRules, verdictOf } from "../helpers/diff";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import type { Terraform } from "./support/terraform";

/** Unprotected, because a plan that `protect` rejects cannot be saved. */
const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\nprotect: false\n";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev }";

const keys = (primary: string, secondary: string, current: string) =>
  `accessKeys: { primary: { status: ${primary} }, secondary: { status: ${secondary} }, current: ${current} }`;

describe("the change summary of a plan", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let summaries = "";
  const secrets = new Set<string>();

  const settings = (more: string) => deployments.change({ deckhouse: `${SETTINGS}${more}\n` });

  /** The changes of a saved plan. It does not refresh, because nothing else changes the account. */
  const planned = async (more: string, ...args: readonly string[]): Promise<Changes> => {
    settings(more);
    terraform.run("plan", "-out=plan", "-refresh=false", ...args);
    const plan = readPlan("plan", terraform.run("show", "-json", "plan"));
    const changes = changesOfPlan(plan, "deckhouse", "plan");
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
  const actions = (changes: Changes) =>
    (["permissions-broadened", "permissions-narrowed"] as const).map((rule) => actionsOf(changes, rule).length);

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
  });

  it("reports the first apply as broadened: a user with all permissions, and a key", async () => {
    expect(actions(await planned(""))).toEqual([128, 0]);
    apply();
  });

  it("reports a plan without changes as unchanged", async () => {
    const changes = await planned("");
    expect(changes.deployments[0]).toMatchObject({ state: "unchanged" });
    expect(verdictOf(changes)).toEqual([0]);
  });

  // Several breaking changes per plan, because each plan takes seconds; the unit tests check each of them.
  it.each<[string, string, readonly string[], readonly RuleId[]]>([
    [
      "new names of the user and the policy",
      "user: { name: other }\npolicy: { name: Other }",
      [],
      ["user-renamed", "destroyed", "destroyed", "key-replaced"],
    ],
    [
      "a rotation and a migration to a group, each in one step",
      `${keys("absent", "Active", "secondary")}\nattachment: group`,
      [],
      ["active-key-deleted", "keys-exchanged", "policy-moved", "deployer-creates"],
    ],
    ["the end of the deployment", "", ["-destroy"], ["destroyed", "destroyed", "active-key-deleted", "permissions-narrowed"]],
  ])("reports breaking changes of %s", async (_, more, args, expected) => {
    const changes = await planned(more, ...args);
    expect(verdictOf(changes)).toEqual([3, ...expected]);
  });

  const ROTATED = keys("Inactive", "Active", "secondary");

  it("reports no step of a complete rotation as breaking or broadened", async () => {
    for (const accessKeys of [keys("Active", "Active", "primary"), keys("Active", "Active", "secondary"), ROTATED]) {
      expect(verdictOf(await planned(accessKeys))).toEqual([0]);
      apply();
    }
    expect(verdictOf(await planned(keys("absent", "Active", "secondary")))).toEqual([0]);
  });

  it("reports a node role as broadened, an additional group as unchanged, and tags, which other policies may name", async () => {
    const changes = await planned(`${ROTATED}\nnodeRole: { name: n }\ntags: { a: b }\nattachment: user-and-group`);
    expect(verdictOf(changes)).toEqual([
      2,
      ...["permissions-broadened", "trust-changed", "tags-changed", "tags-changed", "deployer-creates"],
    ]);
    expect(actionsOf(changes, "permissions-broadened", "node role")).toHaveLength(2);
  });

  it("reports documented to scoped only as narrowed, and the reverse only as broadened, regardless of the order in the state", async () => {
    const narrowed = await planned(`${ROTATED}\n${SCOPED}`);
    expect([verdictOf(narrowed), actions(narrowed)]).toEqual([
      [2, "permissions-narrowed"],
      [0, 127],
    ]);
    apply();
    const broadened = await planned(ROTATED);
    expect([verdictOf(broadened), actions(broadened)]).toEqual([
      [2, "permissions-broadened"],
      [127, 0],
    ]);
  });

  it("reports imports, and that the other policies of an imported user are not compared", async () => {
    settings(`${ROTATED}\n${SCOPED}`);
    const { access_key_id } = terraform.outputs();
    terraform.run("state", "rm", "aws_iam_user.user", "aws_iam_policy.policy", "aws_iam_access_key.user-secondary");
    terraform.run("state", "rm", "aws_iam_access_key.user", "aws_iam_user_policy_attachment.policy-attachment");
    const changes = await planned(
      `${SCOPED}\nimport: { user: true, policy: true, attachment: true, accessKeyId: ${access_key_id} }`,
    );
    expect(seriousRules(changes)).toEqual(["import-not-compared"]);
    expect(changes.deployments.flatMap(resourcesOf)).toHaveLength(4);
    expect(changes.deployments.flatMap(resourcesOf).filter((line) => !line.startsWith("imported"))).toEqual([]);
  });

  it("contains no secret in any format", () => {
    expect(secrets.size).toBe(4);
    expect(summaries.length).toBeGreaterThan(10_000);
    expect([...secrets].filter((secret) => summaries.includes(secret))).toEqual([]);
  });
});
