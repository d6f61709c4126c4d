import type { JsonObject } from "../../../src/cli/diff/json-values";
import { reviewPack } from "../../../src/cli/review/pack";
import { between, ofPlan, packFiles, type Summary } from "../../helpers/changes";
import { deployment } from "../../helpers/deployment";
import { type EditablePlan, realPlan } from "../../helpers/edited-plans";
import { packOf } from "../../helpers/packs";

type Resource = EditablePlan["resource_changes"][number] & { previous_address?: string };

const ALL = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });

/** What a summary reports, but for the requests as evidence. */
const reported = ({ broadened, otherBroadened, breakingChanges, secretExposures, attention, resources }: Summary) => ({
  lines: [...breakingChanges, ...secretExposures, ...attention, ...otherBroadened],
  broadened: broadened.map(({ action }) => action),
  resources: resources.map(({ action, address }) => `${action} ${address}`),
});

describe("the summary of a plan that does something unusual", () => {
  const edited = (edit: (resource: (address: string) => Resource, plan: EditablePlan) => void) => {
    const plan = realPlan("no-change");
    edit((address) => plan.resource_changes.find((each) => each.address === address) as Resource, plan);
    return ofPlan(plan);
  };
  const renamed = (resource: Resource, address: string) =>
    Object.assign(resource, { previous_address: resource.address, address, name: address.split(".")[1] });

  it.each<[string, Parameters<typeof edited>[0], 0 | 2 | 3, ReturnType<typeof reported>]>([
    [
      "unknown values: the name of the user",
      (resource) => {
        const { change } = resource("aws_iam_user.user");
        Object.assign(change, { actions: ["update"], after_unknown: { name: true } });
        delete (change.after as Record<string, unknown>).name;
      },
      3,
      {
        lines: [
          'renames the user "deckhouse" to "known after apply": Terraform replaces the access keys and attachments that refer to the old name',
        ],
        broadened: [],
        resources: ["updated aws_iam_user.user"],
      },
    ],
    [
      "unknown values: the policy of the node role",
      (resource) => {
        const { change } = resource("aws_iam_role_policy.node");
        Object.assign(change, { actions: ["update"], after_unknown: { policy: true } });
        delete (change.after as Record<string, unknown>).policy;
      },
      2,
      {
        lines: [
          "the node role: not comparable: reported as broadened, because a statement of the policy after the change is not a policy document of version 2008-10-17 or 2012-10-17",
        ],
        broadened: [],
        resources: ["updated aws_iam_role_policy.node"],
      },
    ],
    [
      "-target",
      (_, plan) => Object.assign(plan, { complete: false, resource_changes: plan.resource_changes.slice(0, 1) }),
      3,
      {
        lines: [
          "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target",
          "the node role was changed outside Terraform (inline_policy, managed_policy_arns), which is not compared",
        ],
        broadened: [],
        resources: [],
      },
    ],
    [
      "replace: an access key",
      (resource) => Object.assign(resource("aws_iam_access_key.user").change, { actions: ["delete", "create"] }),
      3,
      {
        lines: ["replaces the access key in the slot primary: the old key is deleted before the new key exists"],
        broadened: [],
        resources: ["replaced aws_iam_access_key.user"],
      },
    ],
    [
      "replace: the policy",
      (resource) => Object.assign(resource("aws_iam_policy.policy").change, { actions: ["create", "delete"] }),
      3,
      {
        lines: ['replaces the policy "D8CloudProviderAWS" and its attachments'],
        broadened: [],
        resources: ["replaced aws_iam_policy.policy"],
      },
    ],
    [
      "import: a policy that allows less so far",
      (resource) => {
        const { change } = resource("aws_iam_policy.policy");
        const nothing = JSON.stringify({ Version: "2012-10-17", Statement: [] });
        Object.assign(change, {
          actions: ["update"],
          importing: { id: "x" },
          before: { ...(change.before as object), policy: nothing },
        });
      },
      2,
      {
        lines: [],
        broadened: ["ec2:CreateVpc", "ec2:DescribeAddressesAttribute", "ec2:RunInstances"],
        resources: ["imported aws_iam_policy.policy"],
      },
    ],
    [
      "import: a user as it is",
      (resource) => Object.assign(resource("aws_iam_user.user").change, { importing: { id: "deckhouse" } }),
      2,
      {
        lines: [
          'the user "deckhouse" is imported: it may have policies, groups or members beside those of this project, which are not compared; check them in AWS before you apply',
        ],
        broadened: [],
        resources: ["imported aws_iam_user.user"],
      },
    ],
    [
      "removed: the user",
      (resource) => Object.assign(resource("aws_iam_user.user").change, { actions: ["forget"], after: null }),
      3,
      {
        lines: ['stops managing the user "deckhouse": it stays in AWS, and Terraform no longer limits, changes or deletes it'],
        broadened: [],
        resources: ["forgotten aws_iam_user.user"],
      },
    ],
    [
      "removed: the policy",
      (resource) => Object.assign(resource("aws_iam_policy.policy").change, { actions: ["forget"], after: null }),
      3,
      {
        lines: [
          'stops managing the policy "D8CloudProviderAWS": it stays in AWS, and Terraform no longer limits, changes or deletes it',
        ],
        broadened: [],
        resources: ["forgotten aws_iam_policy.policy"],
      },
    ],
    [
      "moved: an attachment to the number that it had for another policy",
      (resource) => renamed(resource("aws_iam_role_policy_attachment.node-1"), "aws_iam_role_policy_attachment.node-2"),
      2,
      {
        lines: [
          "aws_iam_role_policy_attachment.node-2: moved from aws_iam_role_policy_attachment.node-1, which is not comparable",
        ],
        broadened: [],
        resources: [],
      },
    ],
    [
      "moved: a policy of somebody else to the policy of the user",
      (resource) => {
        const policy = resource("aws_iam_policy.policy");
        const wide = { ...(policy.change.before as object), policy: ALL };
        Object.assign(policy, { previous_address: "aws_iam_policy.admin" });
        Object.assign(policy.change, { before: wide, after: wide });
      },
      2,
      {
        lines: ["aws_iam_policy.policy: moved from aws_iam_policy.admin, which is not comparable"],
        broadened: [],
        resources: [],
      },
    ],
    [
      "moved: the user to an address that this project does not know",
      (resource) => renamed(resource("aws_iam_user.user"), "aws_iam_user.other"),
      2,
      {
        lines: ["aws_iam_user.other: moved from aws_iam_user.user, which is not comparable"],
        broadened: [],
        resources: [],
      },
    ],
  ])("%s", (_, edit, code, expected) => {
    const changes = edited(edit);
    expect(changes.deployments.map(reported)).toEqual([expected]);
    expect(changes.exitCode).toBe(code);
  });
});

describe("the summary of a change against a review pack that was edited", () => {
  const WIDE = packOf("");
  const FILES = { "deployer-policy.json": "", "service-control-policy.json": "" };
  const files = Object.fromEntries(
    Object.entries(reviewPack(deployment(""), WIDE)).filter(([file]) => file in FILES),
  ) as typeof FILES;
  const without = (text: string) => JSON.stringify({ ...(JSON.parse(text) as object), Statement: [] });
  const against = (base: JsonObject, baseFiles: Readonly<Record<string, string>>) =>
    between({ x: packFiles(base, baseFiles) }, { x: packFiles(WIDE, files) });
  const edited = (edit: (resource: Record<string, Record<string, Record<string, unknown>>>) => void): JsonObject => {
    const pack = JSON.parse(JSON.stringify(WIDE));
    edit(pack.resource);
    return pack;
  };
  const policy = { Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }], Version: "2012-10-17" };

  it.each<[string, JsonObject, Readonly<Record<string, string>>, 0 | 2]>([
    ["nothing edited", WIDE, files, 0],
    [
      "a policy that allows less: what the settings allow is broadened",
      edited(({ aws_iam_policy: { policy } = {} }) =>
        Object.assign(policy ?? {}, { policy: JSON.stringify({ Version: "2012-10-17", Statement: [] }) }),
      ),
      files,
      2,
    ],
    [
      "a policy that allows everything: what the settings allow is narrowed",
      edited(({ aws_iam_policy }) => Object.assign(aws_iam_policy?.policy ?? {}, { policy: JSON.stringify(policy) })),
      files,
      0,
    ],
    [
      "a policy that cannot be read",
      edited(({ aws_iam_policy }) => Object.assign(aws_iam_policy?.policy ?? {}, { policy: "{" })),
      files,
      2,
    ],
    [
      "a resource more, which may have denied something",
      edited((resource) => Object.assign(resource, { aws_iam_user_policy: { extra: { user: "deckhouse" } } })),
      files,
      2,
    ],
    ["no user", edited((resource) => Reflect.deleteProperty(resource, "aws_iam_user")), files, 2],
    [
      "a boundary, which the settings do not have",
      edited(({ aws_iam_user }) =>
        Object.assign(aws_iam_user?.user ?? {}, { permissions_boundary: "arn:aws:iam::123456789012:policy/B" }),
      ),
      files,
      2,
    ],
    [
      "a deployer policy that allows nothing",
      WIDE,
      { ...files, "deployer-policy.json": without(files["deployer-policy.json"]) },
      2,
    ],
    [
      "a control policy that denies nothing: what it denies is new",
      WIDE,
      { ...files, "service-control-policy.json": without(files["service-control-policy.json"]) },
      0,
    ],
    ["a control policy that is not one", WIDE, { ...files, "service-control-policy.json": "{}" }, 2],
    ["no control policy", WIDE, { "deployer-policy.json": files["deployer-policy.json"] }, 2],
  ])("%s", (_, base, baseFiles, code) => {
    expect(against(base, baseFiles).exitCode).toBe(code);
  });
});
