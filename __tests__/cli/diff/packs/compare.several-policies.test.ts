import { SEVERAL_POLICIES } from "../../../helpers/deployment";
import { actionsOf, between, betweenPacks, packWith, resourcesOf, seriousRules, verdictOf } from "../../../helpers/diff";
import { packOf } from "../../../helpers/packs";

/** The same deployment with permissions that fit into one policy. */
const ONE = SEVERAL_POLICIES.replace(/formerIamNodeRoles: \[.*\]/, "formerIamNodeRoles: []");

const named = (...args: Parameters<typeof actionsOf>) => actionsOf(...args).map(({ action }) => action);

it.each([
  ["from one policy to two broadens only what the settings add", ONE, SEVERAL_POLICIES, "permissions-broadened", "created"],
  ["from two policies to one narrows only what the settings remove", SEVERAL_POLICIES, ONE, "permissions-narrowed", "deleted"],
] as const)("a change %s, wherever the statements are", (_, before, after, rule, action) => {
  const changes = between(before, after);
  expect(verdictOf(changes)).toEqual([2, rule]);
  expect(named(changes, rule, "user")).toEqual(["iam:GetRole", "iam:PassRole"]);
  expect(changes.deployments.flatMap(resourcesOf)).toEqual([
    "updated aws_iam_policy.policy",
    `${action} aws_iam_policy.policy-2`,
    `${action} aws_iam_user_policy_attachment.policy-attachment-2`,
  ]);
});

describe("a change of two policies", () => {
  it("from the user to the group in one apply is a breaking change, reported once", () => {
    const rules = seriousRules(between(SEVERAL_POLICIES, `${SEVERAL_POLICIES}attachment: group`));
    expect(rules.filter((rule) => rule === "policy-moved")).toHaveLength(1);
  });

  it("that renames both replaces their attachments", () => {
    const changes = between(SEVERAL_POLICIES, SEVERAL_POLICIES.replace("mode: scoped", "mode: scoped, name: Other"));
    expect(changes.deployments.flatMap(resourcesOf)).toEqual([
      "replaced aws_iam_policy.policy",
      "replaced aws_iam_policy.policy-2",
      "replaced aws_iam_user_policy_attachment.policy-attachment",
      "replaced aws_iam_user_policy_attachment.policy-attachment-2",
    ]);
    expect(seriousRules(changes).filter((rule) => rule === "destroyed")).toHaveLength(4);
  });

  it("without an attachment narrows what only that policy allows", () => {
    const pack = packOf(SEVERAL_POLICIES) as { resource: Record<string, Record<string, unknown>> };
    const { "policy-attachment-2": _, ...attached } = pack.resource.aws_iam_user_policy_attachment ?? {};
    const detached = { ...pack, resource: { ...pack.resource, aws_iam_user_policy_attachment: attached } };
    const changes = betweenPacks(packWith(SEVERAL_POLICIES), packWith(SEVERAL_POLICIES, detached));
    const services = named(changes, "permissions-narrowed").map((action) => action.split(":")[0]);
    expect([...new Set(services)].sort()).toEqual(["autoscaling", "elasticloadbalancing", "iam", "sts"]);
    expect(verdictOf(changes)).toEqual([3, "policy-detached", "permissions-narrowed"]);
  });
});
