import { reportOf } from "../src";

interface Edit {
  readonly type: string;
  readonly actions?: readonly string[];
  readonly before?: object | null;
  readonly after?: object | null;
  readonly after_unknown?: object;
  readonly address?: string;
  readonly mode?: string;
}

const allowing = (...Action: readonly string[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });
const denying = (...Action: readonly string[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Deny", Action, Resource: "*" }] });
const trusting = (service: string, Condition?: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Principal: { Service: service },
        ...(Condition && { Condition }),
      },
    ],
  });

const GET = allowing("s3:GetObject");
const PUT = allowing("s3:GetObject", "s3:PutObject");

function planOf(edits: readonly Edit[], configuration?: object): object {
  const resource_changes = edits.map(
    ({ type, address = `${type}.x`, mode = "managed", actions = ["update"], ...change }) => ({
      address,
      mode,
      type,
      change: { actions, before: null, after: null, after_unknown: {}, ...change },
    }),
  );
  return { format_version: "1.2", resource_changes, ...(configuration && { configuration }) };
}

/**
 * A report in short: by address and attribute the kind of the result, and the reasons of unread
 * changes.
 */
function shortOf(...edits: readonly Edit[]): readonly string[] {
  const { policies, unread } = reportOf(planOf(edits));
  return [
    ...policies.map(({ address, attribute, result }) => `${address} ${attribute}: ${result.kind}`),
    ...unread.map(({ address, reason }) => `${address} ${reason}`),
  ];
}

describe("the policies of a plan", () => {
  it.each(["aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"])(
    "are those of %s",
    (type) => {
      expect(shortOf({ type, before: { policy: GET }, after: { policy: PUT } })).toEqual([
        `${type}.x policy: new-request`,
      ]);
      expect(shortOf({ type, before: { policy: PUT }, after: { policy: GET } })).toEqual([
        `${type}.x policy: nothing-new`,
      ]);
    },
  );

  it.each<[string, Edit, readonly string[]]>([
    [
      "inline policies of a role, by their names",
      {
        type: "aws_iam_role",
        before: {
          inline_policy: [
            { name: "a", policy: GET },
            { name: "b", policy: GET },
          ],
        },
        after: {
          inline_policy: [
            { name: "b", policy: PUT },
            { name: "a", policy: GET },
          ],
        },
      },
      ['aws_iam_role.x inline_policy["b"].policy: new-request'],
    ],
    [
      "a trust policy with a new condition",
      {
        type: "aws_iam_role",
        before: { assume_role_policy: trusting("ec2") },
        after: {
          assume_role_policy: trusting("ec2", { StringEquals: { "aws:SourceAccount": "1" } }),
        },
      },
      ["aws_iam_role.x assume_role_policy: nothing-new"],
    ],
    [
      "a trust policy with another principal",
      {
        type: "aws_iam_role",
        before: { assume_role_policy: trusting("ec2") },
        after: { assume_role_policy: trusting("a") },
      },
      ["aws_iam_role.x assume_role_policy: not-comparable"],
    ],
    [
      "policies of any other resource",
      {
        type: "aws_organizations_policy",
        before: { content: allowing("*") },
        after: { content: denying("s3:*") },
      },
      ["aws_organizations_policy.x content: nothing-new"],
    ],
    [
      "a Deny that covers less, which allows nothing by itself",
      {
        type: "aws_iam_policy",
        before: { policy: denying("s3:*") },
        after: { policy: denying("s3:Get*") },
      },
      ["aws_iam_policy.x policy: weaker-deny"],
    ],
    [
      "a Deny that is deleted",
      { type: "aws_iam_policy", actions: ["delete"], before: { policy: denying("s3:*") } },
      ["aws_iam_policy.x policy: weaker-deny"],
    ],
    [
      "an Allow that is deleted",
      { type: "aws_iam_policy", actions: ["delete"], before: { policy: GET } },
      ["aws_iam_policy.x policy: nothing-new"],
    ],
    [
      "an Allow that is created",
      { type: "aws_iam_policy", actions: ["create"], after: { policy: GET } },
      ["aws_iam_policy.x policy: new-request"],
    ],
    [
      "a policy with a key twice",
      {
        type: "aws_iam_policy",
        before: { policy: GET },
        after: { policy: GET.replace('"Action"', '"Action":"*","Action"') },
      },
      ["aws_iam_policy.x policy: not-comparable"],
    ],
    [
      "a policy with a key twice on both sides",
      {
        type: "aws_iam_policy",
        before: { policy: GET.replace('"Action"', '"Action":"s3:GetObject","Action"') },
        after: { policy: GET.replace('"Action"', '"Action":"*","Action"') },
      },
      ["aws_iam_policy.x policy: not-comparable"],
    ],
    [
      "each of two blocks with one name",
      {
        type: "aws_x",
        before: {
          block: [
            { name: "a", policy: GET },
            { name: "a", policy: GET },
          ],
        },
        after: {
          block: [
            { name: "a", policy: PUT },
            { name: "a", policy: GET },
          ],
        },
      },
      ["aws_x.x block[0].policy: new-request"],
    ],
    [
      "the policy of a VPC endpoint that goes, so that the default allows everything",
      { type: "aws_vpc_endpoint", before: { policy: GET }, after: { policy: "" } },
      ["aws_vpc_endpoint.x policy: not-comparable"],
    ],
    [
      "the policy of a key whose resource goes, so that the default policy applies",
      { type: "aws_kms_key_policy", actions: ["delete"], before: { policy: GET } },
      ["aws_kms_key_policy.x policy: not-comparable"],
    ],
    [
      "the policy of a key that goes with it",
      { type: "aws_kms_key", actions: ["delete"], before: { policy: GET } },
      ["aws_kms_key.x policy: nothing-new"],
    ],
    [
      "the policy of a bucket that goes, so that only its owner has access",
      { type: "aws_s3_bucket_policy", actions: ["delete"], before: { policy: GET } },
      ["aws_s3_bucket_policy.x policy: nothing-new"],
    ],
    [
      "a policy that is known after the apply",
      {
        type: "aws_iam_policy",
        before: { policy: GET },
        after: {},
        after_unknown: { policy: true, id: true },
      },
      ["aws_iam_policy.x policy: unknown"],
    ],
    [
      "not data sources",
      { type: "aws_iam_policy_document", mode: "data", actions: ["read"], after: { json: GET } },
      [],
    ],
    [
      "nothing that stays",
      {
        type: "aws_iam_policy",
        actions: ["no-op"],
        before: { policy: GET },
        after: { policy: PUT },
      },
      [],
    ],
  ])("are read: %s", (_, edit, expected) => {
    expect(shortOf(edit)).toEqual(expected);
  });
});

describe("changes without a policy", () => {
  it.each<[string, Edit, readonly string[]]>([
    [
      "an attachment",
      {
        type: "aws_iam_user_policy_attachment",
        actions: ["create"],
        after: { user: "u", policy_arn: "arn" },
      },
      ["aws_iam_user_policy_attachment.x create: policy_arn, user"],
    ],
    [
      "an attachment that is deleted, which can be that of a Deny",
      {
        type: "aws_iam_role_policy_attachment",
        actions: ["delete"],
        before: { role: "r", policy_arn: "arn" },
      },
      ["aws_iam_role_policy_attachment.x delete: policy_arn, role"],
    ],
    [
      "an attachment in IAM Identity Center",
      {
        type: "aws_ssoadmin_managed_policy_attachment",
        actions: ["create"],
        after: { managed_policy_arn: "arn" },
      },
      ["aws_ssoadmin_managed_policy_attachment.x create: managed_policy_arn"],
    ],
    [
      "a service control policy that is detached",
      {
        type: "aws_organizations_policy_attachment",
        actions: ["delete"],
        before: { target_id: "1" },
      },
      ["aws_organizations_policy_attachment.x delete: target_id"],
    ],
    [
      "a policy that moves to another role",
      {
        type: "aws_iam_role_policy",
        actions: ["delete", "create"],
        before: { role: "a", policy: GET },
        after: { role: "b", policy: GET },
      },
      ["aws_iam_role_policy.x delete and create: role"],
    ],
    [
      "a boundary that goes",
      {
        type: "aws_iam_user",
        before: { name: "u", permissions_boundary: "arn" },
        after: { name: "u", permissions_boundary: "" },
      },
      ["aws_iam_user.x update: permissions_boundary"],
    ],
    [
      "not tags and descriptions",
      {
        type: "aws_iam_role",
        before: { tags: { a: "1" } },
        after: { tags: null, description: "d" },
      },
      [],
    ],
    [
      "not a new user with a boundary",
      {
        type: "aws_iam_user",
        actions: ["create"],
        after: { name: "u", permissions_boundary: "arn" },
      },
      [],
    ],
    [
      "not a user that goes",
      { type: "aws_iam_user", actions: ["delete"], before: { name: "u" } },
      [],
    ],
    [
      "not other services",
      { type: "aws_instance", actions: ["create"], after: { ami: "ami" } },
      [],
    ],
  ])("are listed: %s", (_, edit, expected) => {
    expect(shortOf(edit)).toEqual(expected);
  });

  it("are not those that the provider computes", () => {
    const edit: Edit = {
      type: "aws_iam_role",
      address: 'module.a["x.y"].aws_iam_role.x[0]',
      actions: ["create"],
      after: { name: "r" },
      after_unknown: { inline_policy: true, managed_policy_arns: true },
    };
    const configured = (expressions: object) => {
      const module = { resources: [{ address: "aws_iam_role.x", expressions }] };
      return reportOf(planOf([edit], { root_module: { module_calls: { a: { module } } } }));
    };
    expect(configured({ name: {} })).toEqual({ policies: [], unread: [] });
    // Its dynamic blocks are not in the configuration.
    const replaced = { ...edit, actions: ["delete", "create"] };
    expect(reportOf(planOf([replaced], { root_module: {} })).policies).toEqual([
      { address: edit.address, attribute: "inline_policy", result: { kind: "unknown" } },
    ]);
    expect(configured({ inline_policy: {}, managed_policy_arns: {} })).toEqual({
      policies: [
        { address: edit.address, attribute: "inline_policy", result: { kind: "unknown" } },
      ],
      unread: [{ address: edit.address, reason: "create: managed_policy_arns" }],
    });
  });
});

it("rejects what is no plan", () => {
  for (const other of [{ Statement: [] }, { ...planOf([]), format_version: "2.0" }]) {
    expect(() => reportOf(other)).toThrow("is not a plan, which terraform show -json PLAN prints");
  }
  expect(() => reportOf({ ...planOf([]), errored: true })).toThrow(
    "is a plan that failed, so changes are missing; plan again",
  );
});
