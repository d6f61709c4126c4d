import type { JsonObject } from "../../../src/cli/diff/json-values";
import { betweenPacks, type Summary } from "../../helpers/changes";
import { SEVERAL_POLICIES } from "../../helpers/deployment";
import { packOf } from "../../helpers/packs";

/** The same deployment with permissions that fit into one policy. */
const ONE = SEVERAL_POLICIES.replace(/formerIamNodeRoles: \[.*\]/, "formerIamNodeRoles: []");

const between = (before: string, after: string) => betweenJson(packOf(before), packOf(after));
const betweenJson = (before: object, after: object) =>
  betweenPacks(before as JsonObject, after as JsonObject).deployments[0] as Summary;

const changed = ({ resources }: Summary) => resources.map(({ address, action }) => `${action} ${address}`);

describe("a change from one policy to two", () => {
  const changes = between(ONE, SEVERAL_POLICIES);

  it("broadens only what the settings add, wherever the statements are", () => {
    expect(changes.broadened.map(({ action }) => action)).toEqual(["iam:GetRole", "iam:PassRole"]);
    expect(changes.narrowed).toEqual([]);
    expect(changes.otherNarrowed).toEqual([]);
    // The deployer creates and attaches the further policy.
    expect(changes.otherBroadened.every((line) => line.startsWith("the deployer"))).toBe(true);
  });

  it("is no breaking change", () => {
    expect(changes.breakingChanges).toEqual([]);
    expect(changed(changes)).toEqual([
      "updated aws_iam_policy.policy",
      "created aws_iam_policy.policy-2",
      "created aws_iam_user_policy_attachment.policy-attachment-2",
    ]);
    expect(changes.resources.map(({ what }) => what)).toEqual([
      'policy "D8CloudProviderAWS"',
      'policy "D8CloudProviderAWS-2-a1fb704f"',
      "attachment of policy 2 to the user",
    ]);
  });
});

describe("a change from two policies to one", () => {
  const changes = between(SEVERAL_POLICIES, ONE);

  it("narrows only what the settings remove", () => {
    expect(changes.narrowed.map(({ action }) => action)).toEqual(["iam:GetRole", "iam:PassRole"]);
    expect(changes.broadened).toEqual([]);
    expect(changes.otherBroadened).toEqual([]);
  });

  it("is no breaking change", () => {
    expect(changes.breakingChanges).toEqual([]);
    expect(changed(changes)).toEqual([
      "updated aws_iam_policy.policy",
      "deleted aws_iam_policy.policy-2",
      "deleted aws_iam_user_policy_attachment.policy-attachment-2",
    ]);
  });
});

describe("a change of two policies", () => {
  it("from the user to the group in one apply is a breaking change, reported once", () => {
    expect(between(SEVERAL_POLICIES, `${SEVERAL_POLICIES}attachment: group`).breakingChanges).toEqual([
      "moves the policy from the user to the group in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
    ]);
  });

  it("that replaces the further policy replaces its attachments", () => {
    const changes = between(SEVERAL_POLICIES, SEVERAL_POLICIES.replace("mode: scoped", "mode: scoped, name: Other"));
    expect(changed(changes)).toEqual([
      "replaced aws_iam_policy.policy",
      "replaced aws_iam_policy.policy-2",
      "replaced aws_iam_user_policy_attachment.policy-attachment",
      "replaced aws_iam_user_policy_attachment.policy-attachment-2",
    ]);
    // Those of the first policy and its attachment: the further one is attached under its new name before.
    expect(changes.breakingChanges).toHaveLength(2);
  });

  it("without an attachment narrows what only that policy allows", () => {
    const pack = packOf(SEVERAL_POLICIES) as { resource: Record<string, Record<string, unknown>> };
    const { "policy-attachment-2": _, ...attached } = pack.resource.aws_iam_user_policy_attachment ?? {};
    const detached = { ...pack, resource: { ...pack.resource, aws_iam_user_policy_attachment: attached } };
    const changes = betweenJson(pack, detached);
    const services = changes?.narrowed.map(({ action }) => action.split(":")[0]);
    expect([...new Set(services)].sort()).toEqual(["iam"]);
    expect(changes?.breakingChanges.join()).toContain("detaches the policy from the user");
  });

  it("to another policy at an attachment reports that policy", () => {
    const pack = packOf(SEVERAL_POLICIES) as { resource: Record<string, Record<string, object>> };
    const attachments = pack.resource.aws_iam_user_policy_attachment ?? {};
    const other = { ...attachments["policy-attachment-2"], policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" };
    const after = {
      ...pack,
      resource: { ...pack.resource, aws_iam_user_policy_attachment: { ...attachments, "policy-attachment-2": other } },
    };
    expect(betweenJson(pack, after).otherBroadened).toEqual([
      "aws_iam_user_policy_attachment.policy-attachment-2: policy_arn is now arn:aws:iam::aws:policy/AdministratorAccess, which this project does not create: what it allows is not compared",
    ]);
  });
});
