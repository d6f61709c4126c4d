import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Changes, changesExitCode, changesJson, type DeploymentChanges } from "../../src/cli/diff/changes";
import { changesOfPlan } from "../../src/cli/diff/plan";
import { readPlan } from "../../src/cli/diff/plan-file";
import { changesMarkdown, changesText } from "../../src/cli/diff/render-summary";
import { summaryOf } from "../helpers/changes";
import { LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
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
    const changes = changesOfPlan(plan, "deckhouse", "plan", "verified");
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
  const summary = (changes: Changes) => {
    const { broadened, narrowed, otherBroadened, breakingChanges } = summaryOf(changes.deployments[0] as DeploymentChanges);
    return {
      exit: changesExitCode(changes),
      broadened: broadened.length,
      narrowed: narrowed.length,
      otherBroadened: otherBroadened.length,
      breakingChanges: breakingChanges.length,
    };
  };
  const NOTHING = { exit: 0, broadened: 0, narrowed: 0, otherBroadened: 0, breakingChanges: 0 };

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("reports the first apply as broadened: a user with all permissions, and a key", async () => {
    expect(summary(await planned(""))).toEqual({ ...NOTHING, exit: 2, broadened: 128 });
    apply();
  });

  it("reports a plan without changes as unchanged", async () => {
    const changes = await planned("");
    expect(changes.deployments[0]).toMatchObject({ state: "unchanged" });
    expect(summary(changes)).toEqual(NOTHING);
  });

  // Several breaking changes per plan, because each plan takes seconds; the unit tests check each of them.
  it.each<[string, string, readonly string[], readonly RegExp[]]>([
    [
      "new names of the user and the policy",
      "user: { name: other }\npolicy: { name: Other }",
      [],
      [/renames the user/, /replaces the policy/, /replaces the attachment/, /replaces the access key in the slot/],
    ],
    [
      "a rotation and a migration to a group, each in one step",
      `${keys("absent", "Active", "secondary")}\nattachment: group`,
      [],
      [/while it is Active/, /a rotation changes one setting per apply/, /temporarily has no permissions/],
    ],
    ["the end of the deployment", "", ["-destroy"], [/deletes the policy/, /deletes the user/, /while it is Active/]],
  ])("reports breaking changes of %s", async (_, more, args, expected) => {
    const changes = await planned(more, ...args);
    expect(changesExitCode(changes)).toBe(3);
    const breakingChanges = summaryOf(changes.deployments[0] as DeploymentChanges).breakingChanges;
    expect(expected.map((pattern) => breakingChanges.filter((change) => pattern.test(change)).length)).toEqual(
      expected.map(() => 1),
    );
    expect(breakingChanges).toHaveLength(expected.length);
  });

  const ROTATED = keys("Inactive", "Active", "secondary");

  it("reports no step of a complete rotation as breaking or broadened", async () => {
    for (const accessKeys of [keys("Active", "Active", "primary"), keys("Active", "Active", "secondary"), ROTATED]) {
      expect(summary(await planned(accessKeys))).toEqual(NOTHING);
      apply();
    }
    expect(summary(await planned(keys("absent", "Active", "secondary")))).toEqual(NOTHING);
  });

  it("reports a node role as broadened, an additional group as unchanged, and tags, which other policies may name", async () => {
    const changes = await planned(`${ROTATED}\nnodeRole: { name: n }\ntags: { a: b }\nattachment: user-and-group`);
    expect(summary(changes)).toEqual({ ...NOTHING, exit: 2, broadened: 2, otherBroadened: 3 });
    expect(summaryOf(changes.deployments[0] as DeploymentChanges).broadened.map(({ principal }) => principal)).toEqual([
      "node role",
      "node role",
    ]);
  });

  it("reports documented to scoped only as narrowed, and the reverse only as broadened, regardless of the order in the state", async () => {
    expect(summary(await planned(`${ROTATED}\n${SCOPED}`))).toEqual({ ...NOTHING, narrowed: 127 });
    apply();
    expect(summary(await planned(ROTATED))).toEqual({ ...NOTHING, exit: 2, broadened: 127 });
  });

  it("reports imports, and that the other policies of an imported user are not compared", async () => {
    settings(`${ROTATED}\n${SCOPED}`);
    const { access_key_id } = terraform.outputs();
    terraform.run("state", "rm", "aws_iam_user.user", "aws_iam_policy.policy", "aws_iam_access_key.user-secondary");
    terraform.run("state", "rm", "aws_iam_access_key.user", "aws_iam_user_policy_attachment.policy-attachment");
    const changes = await planned(
      `${SCOPED}\nimport: { user: true, policy: true, attachment: true, accessKeyId: ${access_key_id} }`,
    );
    expect(summary(changes)).toEqual({ ...NOTHING, exit: 2, otherBroadened: 1 });
    expect(changes.deployments[0]?.findings).toContainEqual(
      expect.objectContaining({ rule: "import-not-compared", address: "aws_iam_user.user" }),
    );
    expect(summaryOf(changes.deployments[0] as DeploymentChanges).resources.map(({ action }) => action)).toEqual([
      "imported",
      "imported",
      "imported",
      "imported",
    ]);
  });

  it("contains no secret in any format", () => {
    expect(secrets.size).toBe(4);
    expect(summaries.length).toBeGreaterThan(10_000);
    expect([...secrets].filter((secret) => summaries.includes(secret))).toEqual([]);
  });
});
