import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Changes, changesJson, exitCodeOf } from "../../src/diff/change-summary";
import { changesOfPlan } from "../../src/diff/compare";
import { readPlan } from "../../src/diff/plan-file";
import { changesMarkdown, changesText } from "../../src/diff/render-summary";
import { terraformCli } from "../../src/terraform/terraform-cli";
import { LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
import type { Terraform } from "./support/terraform";

/** Unprotected, since a plan that `protect` refuses is none. */
const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\nprotect: false\n";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev }";

const keys = (primary: string, secondary: string, current: string) =>
  `accessKeys: { primary: { status: ${primary} }, secondary: { status: ${secondary} }, current: ${current} }`;

describe("a plan in words", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let words = "";
  const secrets = new Set<string>();

  const settings = (more: string) => deployments.change({ deckhouse: `${SETTINGS}${more}\n` });

  /** Plans, and tells what the saved plan does. Refreshing takes time, and nobody else changes anything here. */
  const planned = async (more: string, ...args: readonly string[]): Promise<Changes> => {
    settings(more);
    terraform.run("plan", "-out=plan", "-refresh=false", ...args);
    const changes = changesOfPlan(
      await readPlan(
        terraformCli({}, () => undefined),
        join(terraform.folder, "plan"),
      ),
      "deckhouse",
      "plan",
    );
    words += changesMarkdown(changes) + changesText(changes) + changesJson(changes);
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
    const { permissions, dangers } = changes.deployments[0] as Changes["deployments"][number];
    const { gained, lost, loosened } = permissions;
    return {
      exit: exitCodeOf(changes),
      gained: gained.length,
      lost: lost.length,
      loosened: loosened.length,
      dangers: dangers.length,
    };
  };
  const NOTHING = { exit: 0, gained: 0, lost: 0, loosened: 0, dangers: 0 };

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

  it("the first apply is growth: a user with all permissions, and a key", async () => {
    expect(summary(await planned(""))).toEqual({ ...NOTHING, exit: 2, gained: 126 });
    apply();
  });

  it("nothing to do is no change", async () => {
    const changes = await planned("");
    expect(changes.deployments[0]).toMatchObject({ state: "unchanged" });
    expect(summary(changes)).toEqual(NOTHING);
  });

  // Several dangers a plan, since each plan takes seconds; the unit tests have them one by one.
  it.each<[string, string, readonly string[], readonly RegExp[]]>([
    [
      "new names of the user and the policy",
      "user: { name: other }\npolicy: { name: Other }",
      [],
      [/rename the user/, /replace the policy/, /replace the attachment/, /replace the access key/],
    ],
    [
      "a rotation and a move to a group, each in one step",
      `${keys("absent", "Active", "secondary")}\nattachment: group`,
      [],
      [/while it is Active/, /at once/, /for a moment the user has no permissions/],
    ],
    ["the end of the deployment", "", ["-destroy"], [/delete the policy/, /delete the user/, /while it is Active/]],
  ])("%s: a danger", async (_, more, args, expected) => {
    const changes = await planned(more, ...args);
    expect(exitCodeOf(changes)).toBe(3);
    const dangers = [...(changes.deployments[0]?.dangers ?? [])];
    expect(expected.map((pattern) => dangers.filter((danger) => pattern.test(danger)).length)).toEqual(expected.map(() => 1));
    expect(dangers).toHaveLength(expected.length);
  });

  const ROTATED = keys("Inactive", "Active", "secondary");

  it("every step of a rotation in order is none, nor is it growth", async () => {
    for (const accessKeys of [keys("Active", "Active", "primary"), keys("Active", "Active", "secondary"), ROTATED]) {
      expect(summary(await planned(accessKeys))).toEqual(NOTHING);
      apply();
    }
    expect(summary(await planned(keys("absent", "Active", "secondary")))).toEqual(NOTHING);
  });

  it("a node role is growth, a group beside the user is none", async () => {
    const changes = await planned(`${ROTATED}\nnodeRole: { name: n }\ntags: { a: b }\nattachment: user-and-group`);
    expect(summary(changes)).toEqual({ ...NOTHING, exit: 2, gained: 2, loosened: 1 });
    expect(changes.deployments[0]?.permissions.gained.map(({ holder }) => holder)).toEqual(["node role", "node role"]);
  });

  it("documented to scoped is loss alone, and back growth alone, in spite of the order that AWS's provider keeps", async () => {
    expect(summary(await planned(`${ROTATED}\n${SCOPED}`))).toEqual({ ...NOTHING, lost: 125 });
    apply();
    expect(summary(await planned(ROTATED))).toEqual({ ...NOTHING, exit: 2, gained: 125 });
  });

  it("taking over what exists is no change, but for what the settings say otherwise", async () => {
    settings(`${ROTATED}\n${SCOPED}`);
    const { access_key_id } = terraform.outputs();
    terraform.run("state", "rm", "aws_iam_user.user", "aws_iam_policy.policy", "aws_iam_access_key.user-secondary");
    terraform.run("state", "rm", "aws_iam_access_key.user", "aws_iam_user_policy_attachment.policy-attachment");
    const changes = await planned(
      `${SCOPED}\nadopt: { user: true, policy: true, attachment: true, accessKeyId: ${access_key_id} }`,
    );
    expect(summary(changes)).toEqual(NOTHING);
    expect(changes.deployments[0]?.resources.map(({ action }) => action)).toEqual([
      "imported",
      "imported",
      "imported",
      "imported",
    ]);
  });

  it("no secret is in any words", () => {
    expect(secrets.size).toBe(4);
    expect(words.length).toBeGreaterThan(10_000);
    expect([...secrets].filter((secret) => words.includes(secret))).toEqual([]);
  });
});
