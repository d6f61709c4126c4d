import { ofPlan } from "../../helpers/changes";

interface Change {
  readonly actions: readonly string[];
  readonly before?: object | null;
  readonly after?: object | null;
  readonly after_unknown?: object;
  readonly importing?: object;
}

const policy = (...actions: readonly string[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] });
const POLICY = { name: "P", path: "/", arn: "arn:aws:iam::123456789012:policy/P", policy: policy("ec2:RunInstances") };
const ATTACHMENT = { user: "deckhouse", policy_arn: POLICY.arn };
const stays = (values: object): Change => ({ actions: ["no-op"], before: values, after: values });
const WHOLE: Readonly<Record<string, Change>> = {
  "aws_iam_user.user": stays({ name: "deckhouse", path: "/", permissions_boundary: "" }),
  "aws_iam_policy.policy": stays(POLICY),
  "aws_iam_user_policy_attachment.policy-attachment": stays(ATTACHMENT),
  "aws_iam_access_key.user": stays({ id: "AKIA", status: "Active", user: "deckhouse", pgp_key: "x" }),
};

/** What `terraform show -json` prints, with some changes instead of none. */
const plan = (changes: Readonly<Record<string, Change>>, more: object = {}) => ({
  format_version: "1.2",
  planned_values: {},
  resource_changes: Object.entries({ ...WHOLE, ...changes }).map(([address, change]) => ({
    address,
    mode: "managed",
    type: address.split(".")[0],
    change,
  })),
  ...more,
});

const summaryOf = (...given: Parameters<typeof plan>) => ofPlan(plan(...given)).deployments[0];
const exitCode = (...given: Parameters<typeof plan>) => ofPlan(plan(...given)).exitCode;

describe("the summary of a plan", () => {
  it("reports a plan without changes as unchanged", () => {
    expect(summaryOf({})).toMatchObject({ state: "unchanged", resources: [], notes: [] });
  });

  it("reports a policy in another order as changed only in its order", () => {
    const one = { ...POLICY, policy: policy("ec2:RunInstances", "ec2:CreateVpc") };
    const other = { ...POLICY, policy: policy("ec2:CreateVpc", "ec2:RunInstances", "ec2:CreateVpc") };
    expect(summaryOf({ "aws_iam_policy.policy": { actions: ["update"], before: one, after: other } })).toMatchObject({
      broadened: [],
      narrowed: [],
      otherBroadened: [],
      otherNarrowed: [],
      resources: [{ action: "updated", details: ["only the order of its content"] }],
    });
  });

  it("reports a policy that is known only after the apply as broadened", () => {
    const { policy: _, ...after } = POLICY;
    const unknown: Change = { actions: ["update"], before: POLICY, after, after_unknown: { policy: true } };
    expect(summaryOf({ "aws_iam_policy.policy": unknown })?.otherBroadened).toEqual([
      "the user: not comparable: reported as broadened, because a statement of the policy after the change is not a policy document of version 2008-10-17 or 2012-10-17",
    ]);
    expect(exitCode({ "aws_iam_policy.policy": unknown })).toBe(2);
  });

  it("reports all actions of an existing policy as broadened if the plan attaches it", () => {
    const attach = {
      "aws_iam_user_policy_attachment.policy-attachment": { actions: ["create"], before: null, after: ATTACHMENT },
    };
    expect(summaryOf(attach)?.broadened.map(({ action }) => action)).toEqual(["ec2:RunInstances"]);
  });

  it("reports a replaced membership of the user in the group as a breaking change", () => {
    const membership = { user: "deckhouse", groups: ["deckhouse"] };
    const changes = {
      "aws_iam_group.group": stays({ name: "deckhouse", path: "/" }),
      "aws_iam_group_policy_attachment.policy-attachment": stays({ group: "deckhouse", policy_arn: POLICY.arn }),
      "aws_iam_user_group_membership.group-membership": {
        actions: ["delete", "create"],
        before: membership,
        after: membership,
      },
    };
    expect(summaryOf(changes)?.breakingChanges).toEqual([
      "replaces the membership of the user in the group: the user is not in the group between the two API calls",
    ]);
    expect(exitCode(changes)).toBe(3);
  });

  it("reports a detached policy as a breaking change", () => {
    const detach = {
      "aws_iam_user_policy_attachment.policy-attachment": { actions: ["delete"], before: ATTACHMENT, after: null },
    };
    expect(summaryOf(detach)).toMatchObject({
      narrowed: [{ action: "ec2:RunInstances" }],
      breakingChanges: ["detaches the policy from the user, which then has no permissions"],
    });
  });

  it("compares the policy in a plan for the policy alone, and reports the plan as incomplete", () => {
    const wider = { ...POLICY, policy: policy("ec2:*") };
    const alone = plan({ "aws_iam_policy.policy": { actions: ["update"], before: POLICY, after: wider } }, { complete: false });
    const targeted = { ...alone, resource_changes: alone.resource_changes.filter(({ type }) => type === "aws_iam_policy") };
    const changes = ofPlan(targeted);
    expect(changes.exitCode).toBe(3);
    expect(changes.deployments[0]?.broadened[0]?.action).toBe("ec2:*");
    expect(changes.deployments[0]?.breakingChanges).toEqual([
      "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target",
    ]);
  });

  it("reports a forgotten policy as a breaking change, although permissions stay", () => {
    expect(summaryOf({ "aws_iam_policy.policy": { actions: ["forget"], before: POLICY, after: null } })).toMatchObject({
      narrowed: [],
      resources: [{ action: "forgotten", address: "aws_iam_policy.policy" }],
      breakingChanges: ['stops managing the policy "P": it stays in AWS, and Terraform no longer limits, changes or deletes it'],
    });
  });

  it("reports no exposed secret for an imported key, whose secret Terraform does not know", () => {
    const key = { id: "AKIA", status: "Active", user: "deckhouse" };
    expect(
      summaryOf({ "aws_iam_access_key.user": { actions: ["no-op"], before: key, after: key, importing: { id: "AKIA" } } }),
    ).toMatchObject({
      resources: [{ action: "imported" }],
      secretExposures: [],
    });
  });

  it("reports resources that this project does not create as broadened, also if they are deleted, because they may have denied something", () => {
    const extra = { policy: policy("*"), user: "deckhouse" };
    expect(exitCode({ "aws_iam_user_policy.extra": { actions: ["create"], before: null, after: extra } })).toBe(2);
    expect(exitCode({ "aws_iam_user_policy.extra": stays(extra) })).toBe(0);
    expect(exitCode({ "aws_iam_user_policy.extra": { actions: ["delete"], before: extra, after: null } })).toBe(2);
  });

  it("reports a plan that failed as incomplete", () => {
    expect(summaryOf({}, { errored: true })?.breakingChanges).toEqual([
      "Terraform failed while it created this plan, so the plan is incomplete and what else changes is unknown; plan again",
    ]);
    expect(exitCode({}, { errored: true, complete: false })).toBe(3);
  });

  it("reports the deletion of what a failed replacement left over as a breaking change, and not as a deletion of the resource", () => {
    const left = {
      address: "aws_iam_policy.policy",
      mode: "managed",
      type: "aws_iam_policy",
      deposed: "1a2b",
      change: { actions: ["delete"], before: POLICY, after: null },
    };
    const { resource_changes, ...rest } = plan({});
    const changes = ofPlan({ ...rest, resource_changes: [...resource_changes, left] });
    expect(changes.deployments[0]).toMatchObject({
      breakingChanges: [
        "deletes what an earlier replacement of aws_iam_policy.policy left over; make sure that nothing uses it, and plan again",
      ],
    });
  });
});
