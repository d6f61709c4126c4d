import { RULES } from "../../../../src/cli/diff/change-rules";
import { changesExitCode, changesJson, findingsOf } from "../../../../src/cli/diff/changes";
import { changesOfPlan } from "../../../../src/cli/diff/plans/plan-findings";
import { changesMarkdown, changesText } from "../../../../src/cli/diff/render-summary";
import { reference } from "../../../../src/cli/diff/snapshot";
import { levelOf } from "../../../../src/cli/findings/finding";
import type { DecisionRequest } from "../../../../src/decision/model";
import type { JsonObject } from "../../../../src/text/json";
import { betweenPacks, evidenceOf, packWith, verdictOf, withResource } from "../../../helpers/diff";
import { editedPlans, realPlan, SECRETS } from "../../../helpers/edited-plans";
import { packOf } from "../../../helpers/packs";

const changesOf = (plan: object) => changesOfPlan(plan as JsonObject, "x", "Plan");
const rulesOf = (changes: ReturnType<typeof changesOf>) =>
  new Set<string>(findingsOf(changes).flatMap((found) => (levelOf(RULES, found) === "note" ? [] : [found.rule])));

const PLANS = Object.entries(editedPlans());

describe("the summary of an edited plan", () => {
  it.each(PLANS)("has the exit code and the rules of the edit: %s", (_, { base, plan, exitCode, rules }) => {
    const changes = changesOf(plan);
    const known = rulesOf(changesOf(realPlan(base)));
    const added = [...rulesOf(changes)].filter((rule) => !known.has(rule));
    expect([changesExitCode(changes), ...added.sort()]).toEqual([exitCode, ...[...rules].sort()]);
    const printed = changesText(changes) + changesMarkdown(changes) + changesJson(changes);
    const spellings = SECRETS.flatMap((secret) => [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]);
    expect(spellings.filter((spelling) => printed.includes(spelling))).toEqual([]);
  });
});

describe("a plan that changes the first policy and detaches the second one", () => {
  const attachment = "aws_iam_user_policy_attachment.policy-attachment-2";
  /** @param order of what the state says that the first policy depends on */
  const rulesAfter = (order: readonly string[], actions = ["update"]) => {
    const plan = realPlan("no-change");
    const policy = plan.resource_changes.find(({ address }) => address === "aws_iam_policy.policy");
    Object.assign(policy?.change ?? {}, {
      actions,
      after: { ...policy?.change.after, policy: json(allow("ec2:*")) },
    });
    const detached = { actions: ["delete"], before: { user: "deckhouse", policy_arn: "x" }, after: null, after_unknown: {} };
    const [type, name] = attachment.split(".");
    const entry = { address: attachment, mode: "managed", type, name, provider_name: policy?.provider_name, change: detached };
    const resources = [{ address: "aws_iam_policy.policy", depends_on: order }];
    return rulesOf(
      changesOf({
        ...plan,
        resource_changes: [...plan.resource_changes, entry],
        prior_state: { values: { root_module: { resources } } },
      }),
    );
  };

  it("is breaking only if the state has lost the order of both, as after a failed change", () => {
    expect(rulesAfter([attachment])).not.toContain("policy-detached-early");
    expect(rulesAfter([])).toContain("policy-detached-early");
    expect(rulesAfter([], ["no-op"])).not.toContain("policy-detached-early");
  });
});

type Statement = Readonly<Record<string, unknown>>;

const SETTINGS = "nodeRole: { name: n }\naccountId: '123456789012'\nattachment: user-and-group";
const NODES = packOf(SETTINGS);
const json = (...statements: readonly Statement[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (action: string | readonly string[], more: Statement = {}): Statement => ({
  Effect: "Allow",
  Action: action,
  Resource: "*",
  ...more,
});
const deny = (action: string | readonly string[], more: Statement = {}): Statement => ({
  ...allow(action, more),
  Effect: "Deny",
});

const userPolicy = (...statements: readonly Statement[]) =>
  withResource(NODES, "aws_iam_policy.policy", { policy: json(...statements) });
const nodePolicy = (...statements: readonly Statement[]) =>
  withResource(NODES, "aws_iam_role_policy.node", { policy: json(...statements) });
const inside = (arn: string, ...own: readonly Statement[]) =>
  withResource(userPolicy(...own), "aws_iam_user.user", { permissions_boundary: arn });
const between = (before: JsonObject, after: JsonObject) => betweenPacks(packWith(SETTINGS, before), packWith(SETTINGS, after));

/** The requests that show what is broadened, or the reasons why something is not comparable. */
const shown = (changes: ReturnType<typeof betweenPacks>) =>
  evidenceOf(changes).map((evidence) => {
    const { action, resource, context } = evidence as DecisionRequest;
    return action === undefined ? evidence : [action, resource, context];
  });

const OBJECTS = { Resource: "arn:aws:s3:::a/*" };

describe("what a change broadens is decided", () => {
  it.each<[string, JsonObject, JsonObject, readonly unknown[], readonly unknown[]]>([
    [
      "an Allow beside a Deny",
      userPolicy(allow("s3:*"), deny("s3:PutObject")),
      userPolicy(allow("s3:*", { Action: undefined, NotAction: ["s3:PutObject", "ec2:*"] }), deny("s3:PutObject")),
      [["iam:DeleteRolePolicy", "*", {}]],
      [],
    ],
    [
      "a Deny of the user",
      userPolicy(allow("s3:GetObject"), deny("s3:GetObject", OBJECTS)),
      userPolicy(allow("s3:GetObject")),
      [["s3:GetObject", "arn:aws:s3:::a/", {}]],
      [["s3:GetObject", "arn:aws:s3:::a/", {}]],
    ],
    [
      "a Deny of what the policy does not allow",
      userPolicy(allow("s3:GetObject"), deny("iam:*")),
      userPolicy(allow("s3:GetObject")),
      [["iam:AttachGroupPolicy", "*", {}]],
      [],
    ],
    [
      "an action of the node role",
      nodePolicy(allow("s3:GetObject")),
      nodePolicy(allow(["s3:GetObject", "s3:PutObject"])),
      [["s3:PutObject", "*", {}]],
      [],
    ],
    [
      "permissions within a boundary that stays and whose content is unknown",
      inside("arn:aws:iam::123456789012:policy/B", allow("s3:GetObject")),
      inside("arn:aws:iam::123456789012:policy/B", allow(["s3:GetObject", "s3:PutObject"])),
      [["s3:PutObject", "*", {}]],
      [],
    ],
  ])("%s", (_, before, after, forward, backward) => {
    expect([shown(between(before, after)), shown(between(after, before))]).toEqual([forward, backward]);
  });

  it("for the user and the group together", () => {
    const second = { name: "P-2", policy: json(allow("ec2:B")) };
    const attached = withResource(
      withResource(userPolicy(allow("ec2:A")), "aws_iam_policy.policy-2", second),
      "aws_iam_group_policy_attachment.policy-attachment-2",
      { group: reference("aws_iam_group.group.name"), policy_arn: reference("aws_iam_policy.policy-2.arn") },
    );
    const together = userPolicy(allow(["ec2:A", "ec2:B"]));
    expect(verdictOf(between(together, attached))).toEqual([0]);
    expect(verdictOf(between(attached, together))).toEqual([0]);
    expect(shown(between(userPolicy(allow("ec2:A")), attached))).toEqual([["ec2:B", "*", {}]]);
  });

  it("and the summary names the boundary that must allow the request as well", () => {
    const arn = "arn:aws:iam::123456789012:policy/B";
    const text = changesText(between(inside(arn, allow("s3:GetObject")), inside(arn, allow("s3:PutObject"))));
    expect(text).toContain(`allowed now and not before: s3:PutObject on *, if the permissions boundary ${arn} allows it\n`);
  });
});
