import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reference } from "../../src/cli/diff/snapshot";
import { PROJECT } from "./project-root";

/** A plan as `terraform show -json` prints it, as far as it is edited here. */
export interface EditablePlan {
  complete: boolean;
  errored: boolean;
  resource_drift?: object[];
  resource_changes: EditableResource[];
  output_changes: Record<string, EditableChange & { before_sensitive?: boolean; after_sensitive?: boolean }>;
  configuration: {
    root_module: { outputs: Record<string, object>; resources: EditableConfiguration[] };
  };
}

interface EditableResource {
  address: string;
  mode: string;
  type: string;
  name: string;
  deposed?: string;
  change: EditableChange;
}

interface EditableChange {
  actions: string[];
  before: unknown;
  after: unknown;
  after_unknown: unknown;
}

interface EditableConfiguration {
  address: string;
  provider_config_key: string;
  provisioners?: object[];
  expressions: Record<string, object>;
}

export interface Row {
  /** A plan in `plans/` that Terraform 1.11.4 and AWS provider 5.100.0 made. */
  readonly base: "no-change" | "group-added" | "first-apply";
  readonly edit: (plan: EditablePlan) => void;
  readonly exitCode: 0 | 2 | 3;
  /** What it adds to the breaking changes, to what is broadened and to the exposed secrets of its base. */
  readonly reported: readonly string[];
}

/** A plan of `plans/`, to be edited. */
export function realPlan(base: Row["base"]): EditablePlan {
  return JSON.parse(readFileSync(join(PROJECT, "__tests__/helpers/plans", `${base}.json`), "utf8")) as EditablePlan;
}

const ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess";
const OWN_POLICY = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
const EXTRA = "arn:aws:iam::123456789012:policy/Extra";
const ALL = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

const found = <T extends { address: string }>(items: readonly T[], address: string): T => {
  const item = items.find((candidate) => candidate.address === address);
  if (item === undefined) {
    throw new Error(`the plan has no ${address}`);
  }
  return item;
};

const configured = (plan: EditablePlan, address: string) => found(plan.configuration.root_module.resources, address);

/** Changes attributes after the apply; what is `undefined` becomes known only then. */
const after =
  (address: string, values: Readonly<Record<string, unknown>>, actions: string[] = ["update"]) =>
  (plan: EditablePlan): void => {
    const { change } = found(plan.resource_changes, address);
    const unknown = Object.keys(values).filter((name) => values[name] === undefined);
    change.actions = change.actions.includes("create") ? change.actions : actions;
    change.after = { ...(change.after as object), ...values };
    change.after_unknown = { ...(change.after_unknown as object), ...Object.fromEntries(unknown.map((name) => [name, true])) };
  };

/** Writes an expression into the configuration. */
const expression =
  (address: string, name: string, constant_value: unknown, ...references: string[]) =>
  (plan: EditablePlan): void => {
    configured(plan, address).expressions[name] = { constant_value, references };
  };

/** Adds a resource that the plan creates. */
const created =
  (address: string, values: object) =>
  (plan: EditablePlan): void => {
    const [type = "", name = ""] = address.split(".");
    const change = { actions: ["create"], before: null, after: values, after_unknown: { id: true } };
    plan.resource_changes.push({ address, mode: "managed", type, name, change });
  };

const gone =
  (address: string, actions: string[] = ["delete"]) =>
  (plan: EditablePlan): void => {
    const { change } = found(plan.resource_changes, address);
    Object.assign(change, { actions, after: null });
  };

const all =
  (...edits: Row["edit"][]) =>
  (plan: EditablePlan): void => {
    for (const edit of edits) {
      edit(plan);
    }
  };

/** Adds an output. */
const output =
  (name: string, sensitive: boolean, constant_value: string, ...references: string[]) =>
  (plan: EditablePlan): void => {
    const change = { actions: ["create"], before: null, after: "x", after_unknown: false };
    plan.output_changes[name] = { ...change, before_sensitive: false, after_sensitive: sensitive };
    plan.configuration.root_module.outputs[name] = { sensitive, expression: { constant_value, references } };
  };

const withoutNodeRole = (plan: EditablePlan) => {
  plan.resource_changes = plan.resource_changes.filter(({ type }) => !type.startsWith("aws_iam_role"));
};

const policyOf = (plan: EditablePlan) =>
  JSON.parse((found(plan.resource_changes, "aws_iam_policy.policy").change.after as { policy: string }).policy) as object;

const withPolicy =
  (edit: (policy: object) => object) =>
  (plan: EditablePlan): void =>
    after("aws_iam_policy.policy", { policy: JSON.stringify(edit(policyOf(plan))) })(plan);

const deactivated =
  (address: string, drift: boolean) =>
  (plan: EditablePlan): void => {
    const { change } = found(plan.resource_changes, address);
    const key = { ...(change.before as object), status: "Active" };
    change.actions = ["update"];
    change.before = { ...key, status: "Inactive" };
    change.after = key;
    if (drift) {
      plan.resource_drift = [{ address, change: { actions: ["update"], before: key, after: { ...key, status: "Inactive" } } }];
    }
  };

const left =
  (address: string, status: string) =>
  (plan: EditablePlan): void => {
    const resource = found(plan.resource_changes, address);
    const before = { ...(resource.change.before as object), status };
    const change = { actions: ["delete"], before, after: null, after_unknown: {} };
    plan.resource_changes.push({ ...resource, deposed: "1a2b3c4d", change });
  };

const incomparable = (address: string, name: string) => [`${address}: the argument ${name} is not comparable`];

const INCOMPLETE =
  "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target";

const leaks = (name: string) => [
  `the output ${name} may contain the secret of an access key: every workspace that reads any output of this state receives it in plaintext`,
];

const reactivates = (slot: string) => [
  `activates the access key in the slot ${slot}, which was deactivated outside Terraform; if it has leaked, keep it Inactive and expose another key: set accessKeys.${slot}.status to Inactive`,
];

/** Real plans with one thing edited in each, and what the change summary must say of it. */
export const EDITED_PLANS: Readonly<Record<string, Row>> = {
  "nothing edited": { base: "no-change", edit: all(), exitCode: 0, reported: [] },
  "an inline policy in the node role": {
    base: "no-change",
    edit: after("aws_iam_role.node", { inline_policy: [{ name: "x", policy: JSON.stringify(ALL) }] }),
    exitCode: 2,
    reported: incomparable("aws_iam_role.node", "inline_policy"),
  },
  "an inline policy in the node role that is known after apply": {
    base: "no-change",
    edit: all(
      after("aws_iam_role.node", { inline_policy: undefined }),
      expression("aws_iam_role.node", "inline_policy", undefined, "local.x"),
    ),
    exitCode: 2,
    reported: incomparable("aws_iam_role.node", "inline_policy"),
  },
  "managed policies in the node role": {
    base: "no-change",
    edit: after("aws_iam_role.node", { managed_policy_arns: [ADMIN] }),
    exitCode: 2,
    reported: incomparable("aws_iam_role.node", "managed_policy_arns"),
  },
  "managed policies in a new node role, known after apply": {
    base: "group-added",
    edit: expression(
      "aws_iam_role.node",
      "managed_policy_arns",
      undefined,
      "aws_iam_group.group.unique_id",
      "aws_iam_group.group",
    ),
    exitCode: 2,
    reported: incomparable("aws_iam_role.node", "managed_policy_arns"),
  },
  "longer sessions of the node role": {
    base: "no-change",
    edit: after("aws_iam_role.node", { max_session_duration: 43200 }),
    exitCode: 2,
    reported: incomparable("aws_iam_role.node", "max_session_duration"),
  },
  "an argument that the provider does not have yet": {
    base: "no-change",
    edit: after("aws_iam_user.user", { session_policy: "{}" }),
    exitCode: 2,
    reported: incomparable("aws_iam_user.user", "session_policy"),
  },
  "an argument of a key that the provider does not have yet": {
    base: "no-change",
    edit: after("aws_iam_access_key.user", { console_access: true }),
    exitCode: 2,
    reported: incomparable("aws_iam_access_key.user", "console_access"),
  },
  "the node role's attachment on another role": {
    base: "no-change",
    edit: after("aws_iam_role_policy_attachment.node-1", { role: "admin-role" }, ["delete", "create"]),
    exitCode: 2,
    reported: [
      `the role admin-role, which this project does not create: the policy ${EXTRA} is attached; its permissions are not compared`,
    ],
  },
  "a second attachment of the same policy to another role": {
    base: "no-change",
    edit: created("aws_iam_role_policy_attachment.node-2", { role: "admin-role", policy_arn: EXTRA }),
    exitCode: 2,
    reported: [
      `the role admin-role, which this project does not create: the policy ${EXTRA} is attached; its permissions are not compared`,
    ],
  },
  "an attachment to a role that is known after apply": {
    base: "no-change",
    edit: all(
      after("aws_iam_role_policy_attachment.node-1", { role: undefined }, ["delete", "create"]),
      expression("aws_iam_role_policy_attachment.node-1", "role", undefined, "local.role"),
    ),
    exitCode: 2,
    reported: [
      `the role known after apply, which this project does not create: the policy ${EXTRA} is attached; its permissions are not compared`,
    ],
  },
  "an attachment of a policy that is known after apply": {
    base: "no-change",
    edit: after("aws_iam_role_policy_attachment.node-1", { policy_arn: undefined }, ["delete", "create"]),
    exitCode: 2,
    reported: ["the node role: the policy known after apply is attached; its permissions are not compared"],
  },
  "a second policy for the node role": {
    base: "no-change",
    edit: created("aws_iam_role_policy_attachment.node-2", { role: "n", policy_arn: ADMIN }),
    exitCode: 2,
    reported: [`the node role: the policy ${ADMIN} is attached; its permissions are not compared`],
  },
  "the inline policy on another role": {
    base: "no-change",
    edit: after("aws_iam_role_policy.node", { role: "admin-role" }, ["delete", "create"]),
    exitCode: 2,
    reported: ["aws_iam_role_policy.node: role is now admin-role, which this project does not create"],
  },
  "a policy that is known after apply by a condition on the group": {
    base: "group-added",
    edit: all(
      withoutNodeRole,
      after("aws_iam_group_policy_attachment.policy-attachment", { policy_arn: undefined }),
      expression(
        "aws_iam_group_policy_attachment.policy-attachment",
        "policy_arn",
        `\${aws_iam_group.group.unique_id == "" ? aws_iam_policy.policy.arn : reference("ADMIN")}`,
        "aws_iam_group.group.unique_id",
        "aws_iam_group.group",
        "aws_iam_policy.policy.arn",
        "aws_iam_policy.policy",
      ),
    ),
    exitCode: 2,
    reported: ["the user: the policy known after apply is attached; its permissions are not compared"],
  },
  "the same where the policy is new as well": {
    base: "first-apply",
    edit: expression(
      "aws_iam_user_policy_attachment.policy-attachment",
      "policy_arn",
      `\${aws_iam_policy.policy.arn == "" ? aws_iam_policy.policy.arn : reference("ADMIN")}`,
      "aws_iam_policy.policy.arn",
      "aws_iam_policy.policy",
    ),
    exitCode: 2,
    reported: ["the user: the policy known after apply is attached; its permissions are not compared"],
  },
  "a new policy that is attached as it should be": { base: "first-apply", edit: all(), exitCode: 2, reported: [] },
  "a key whose user is known after apply": {
    base: "no-change",
    edit: after("aws_iam_access_key.user-secondary", { user: undefined }),
    exitCode: 2,
    reported: ["aws_iam_access_key.user-secondary: user is now known after apply, which this project does not create"],
  },
  "a key of another user": {
    base: "no-change",
    edit: after("aws_iam_access_key.user-secondary", { user: "admin" }),
    exitCode: 2,
    reported: ["aws_iam_access_key.user-secondary: user is now admin, which this project does not create"],
  },
  "groups that are known after apply": {
    base: "no-change",
    edit: after("aws_iam_user_group_membership.group-membership", { groups: undefined }),
    exitCode: 2,
    reported: ["the user: added to the group known after apply; its permissions are not compared"],
  },
  "groups of which one is known after apply": {
    base: "no-change",
    edit: all(after("aws_iam_user_group_membership.group-membership", { groups: ["deckhouse"] }), (plan) => {
      found(plan.resource_changes, "aws_iam_user_group_membership.group-membership").change.after_unknown = {
        groups: [false, true],
      };
    }),
    exitCode: 2,
    reported: ["the user: added to the group known after apply; its permissions are not compared"],
  },
  "another group": {
    base: "no-change",
    edit: after("aws_iam_user_group_membership.group-membership", { groups: ["admins", "deckhouse"] }),
    exitCode: 2,
    reported: ["the user: added to the group admins; its permissions are not compared"],
  },
  "a group that gets the policy and is not this project's": {
    base: "no-change",
    edit: after("aws_iam_group_policy_attachment.policy-attachment", { group: "everybody" }, ["delete", "create"]),
    exitCode: 3,
    reported: [
      "replaces the attachment of the policy to the group",
      "aws_iam_group_policy_attachment.policy-attachment: group is now everybody, which this project does not create",
    ],
  },
  "a policy that comes back to the user from another one": {
    base: "no-change",
    edit: all(
      gone("aws_iam_group_policy_attachment.policy-attachment", ["no-op"]),
      (plan) => {
        plan.resource_changes = plan.resource_changes.filter(({ type }) => !/group/.test(type));
        const { change } = found(plan.resource_changes, "aws_iam_user_policy_attachment.policy-attachment");
        change.before = { user: "somebody", policy_arn: OWN_POLICY };
      },
      (plan) => after("aws_iam_user_policy_attachment.policy-attachment", { user: "deckhouse" }, ["create", "delete"])(plan),
    ),
    exitCode: 3,
    reported: [
      "replaces the attachment of the policy to the user",
      "ec2:CreateVpc",
      "ec2:DescribeAddressesAttribute",
      "ec2:RunInstances",
    ],
  },
  "a boundary that becomes known after apply": {
    base: "no-change",
    edit: after("aws_iam_user.user", { permissions_boundary: undefined }),
    exitCode: 2,
    reported: incomparable("aws_iam_user.user", "permissions_boundary"),
  },
  "the first boundary": {
    base: "no-change",
    edit: after("aws_iam_user.user", { permissions_boundary: EXTRA }),
    exitCode: 0,
    reported: [],
  },
  "an older version of the policy language": {
    base: "no-change",
    edit: withPolicy((policy) => ({ ...policy, Version: "2008-10-17" })),
    exitCode: 0,
    reported: [],
  },
  "no version of the policy language": {
    base: "no-change",
    edit: withPolicy((policy) => ({ ...policy, Version: undefined })),
    exitCode: 0,
    reported: [],
  },
  "a policy without statements": {
    base: "no-change",
    edit: withPolicy(() => ({ Version: "2012-10-17" })),
    exitCode: 2,
    reported: [
      "the user: not comparable: reported as broadened, because a statement of the policy after the change is not a policy document of version 2008-10-17 or 2012-10-17",
    ],
  },
  "another action in the policy": {
    base: "no-change",
    edit: withPolicy((policy) => ({ ...policy, Statement: [{ Effect: "Allow", Action: "iam:CreateUser", Resource: "*" }] })),
    exitCode: 2,
    reported: ["iam:CreateUser"],
  },
  "an Active key is forgotten": {
    base: "no-change",
    edit: gone("aws_iam_access_key.user", ["forget"]),
    exitCode: 3,
    reported: [
      "stops managing the access key in the slot primary, Active: it stays in AWS, and Terraform no longer limits, changes or deletes it",
    ],
  },
  "a key that is left over and Active is deleted": {
    base: "no-change",
    edit: left("aws_iam_access_key.user", "Active"),
    exitCode: 3,
    reported: [
      "deletes what an earlier replacement of aws_iam_access_key.user left over; make sure that nothing uses it, and plan again",
    ],
  },
  "a key that is left over and Inactive is deleted": {
    base: "no-change",
    edit: left("aws_iam_access_key.user", "Inactive"),
    exitCode: 0,
    reported: [],
  },
  "a policy that is left over is deleted": {
    base: "no-change",
    edit: left("aws_iam_policy.policy", ""),
    exitCode: 3,
    reported: [
      "deletes what an earlier replacement of aws_iam_policy.policy left over; make sure that nothing uses it, and plan again",
    ],
  },
  "the node role is deleted": {
    base: "no-change",
    edit: all(gone("aws_iam_role.node"), gone("aws_iam_role_policy.node"), gone("aws_iam_role_policy_attachment.node-1")),
    exitCode: 3,
    reported: ['deletes the node role "n": nodes that use it lose their permissions; set iamNodeRole to another role first'],
  },
  "a key that was deactivated outside Terraform is activated": {
    base: "no-change",
    edit: deactivated("aws_iam_access_key.user", true),
    exitCode: 3,
    reported: reactivates("primary"),
  },
  "the same after a refresh stored it": {
    base: "no-change",
    edit: deactivated("aws_iam_access_key.user", false),
    exitCode: 3,
    reported: reactivates("primary"),
  },
  "the other key was deactivated outside Terraform and is activated": {
    base: "no-change",
    edit: deactivated("aws_iam_access_key.user-secondary", true),
    exitCode: 3,
    reported: reactivates("secondary"),
  },
  "the settings activate the other key": {
    base: "no-change",
    edit: deactivated("aws_iam_access_key.user-secondary", false),
    exitCode: 0,
    reported: [],
  },
  "an output with the secret": {
    base: "no-change",
    edit: output(
      "dump",
      false,
      reference("nonsensitive(aws_iam_access_key.user.secret)"),
      "aws_iam_access_key.user.secret",
      "aws_iam_access_key.user",
    ),
    exitCode: 2,
    reported: leaks("dump"),
  },
  "an output with the whole key": {
    base: "no-change",
    edit: output("access_key_json", true, reference("jsonencode(aws_iam_access_key.user)"), "aws_iam_access_key.user"),
    exitCode: 2,
    reported: leaks("access_key_json"),
  },
  "an output with a local value": {
    base: "no-change",
    edit: output("dump", false, reference("local.key"), "local.key"),
    exitCode: 2,
    reported: leaks("dump"),
  },
  "another sensitive output": {
    base: "no-change",
    edit: output("token", true, "abc"),
    exitCode: 2,
    reported: leaks("token"),
  },
  "an output of this project that gets the secret": {
    base: "no-change",
    edit: all(
      output(
        "user_name",
        true,
        reference("aws_iam_access_key.user.secret"),
        "aws_iam_access_key.user.secret",
        "aws_iam_access_key.user",
      ),
      (plan) => Object.assign(plan.output_changes.user_name ?? {}, { actions: ["update"], before: "deckhouse" }),
    ),
    exitCode: 2,
    reported: leaks("user_name"),
  },
  "an output without a secret": {
    base: "no-change",
    edit: output("user_id", false, reference("aws_iam_user.user.unique_id"), "aws_iam_user.user.unique_id", "aws_iam_user.user"),
    exitCode: 0,
    reported: [],
  },
  "a plan for some addresses": {
    base: "no-change",
    edit: (plan) => Object.assign(plan, { complete: false }),
    exitCode: 3,
    reported: [INCOMPLETE],
  },
  "a plan that failed": {
    base: "no-change",
    edit: (plan) => Object.assign(plan, { complete: false, errored: true }),
    exitCode: 3,
    reported: [
      "Terraform failed while it created this plan, so the plan is incomplete and what else changes is unknown; plan again",
    ],
  },
  "an inline policy of the user": {
    base: "no-change",
    edit: created("aws_iam_user_policy.extra", { user: "deckhouse", policy: JSON.stringify(ALL) }),
    exitCode: 2,
    reported: ["aws_iam_user_policy.extra: not created by this project, so what it allows or denies is unknown"],
  },
  "a user of a module": {
    base: "no-change",
    edit: created("module.x.aws_iam_user.user", { name: "x" }),
    exitCode: 2,
    reported: ["module.x.aws_iam_user.user: not created by this project, so what it allows or denies is unknown"],
  },
  "tags and a path of the user, which policies elsewhere can refer to": {
    base: "no-change",
    edit: after("aws_iam_user.user", { path: "/team/", tags: { team: "x" }, tags_all: { team: "x" } }),
    exitCode: 2,
    reported: ["path", "tags", "tags_all"].flatMap((name) => incomparable("aws_iam_user.user", name)),
  },
};
