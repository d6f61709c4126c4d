import { iamResourceArn, partitionOf } from "../../iam/arns";
import { secondPolicyName } from "../../iam/deployment-policies";
import type { PolicyCondition, PolicyStatement } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import rows from "./deployer.json";

type IamResource = Readonly<Record<"name" | "path", string>>;

export interface Call {
  readonly action: string;
  readonly why: string;
  /** Whether `terraform plan -lock=false` makes the call. */
  readonly plan: boolean;
}

/** The resources and conditions of the statement apply to all calls. */
export interface DeployerStatement
  extends Pick<PolicyStatement, "sid" | "resources" | "conditions"> {
  readonly calls: readonly Call[];
}

const CONDITIONS = {
  keys: ({ accessKeys }) => accessKeys !== "none",
  rotated: ({ managedBy }) => managedBy === "rotate",
  tags: ({ tags }) => Object.keys(tags ?? {}).length > 0,
  boundary: ({ user }) => user.permissionsBoundary !== undefined,
  "no-boundary": ({ user }) => user.permissionsBoundary === undefined,
  "node-role": ({ nodeRole }) => nodeRole !== undefined,
  "node-role-tags": (deployment): boolean =>
    deployment.nodeRole !== undefined && CONDITIONS.tags(deployment),
  "node-role-boundary": ({ nodeRole }) => nodeRole?.permissionsBoundary !== undefined,
  "node-role-without-boundary": ({ nodeRole }) =>
    nodeRole !== undefined && nodeRole.permissionsBoundary === undefined,
  "node-role-policies": ({ nodeRole }) => (nodeRole?.managedPolicyArns.length ?? 0) > 0,
} satisfies Readonly<Record<string, (deployment: Deployment) => boolean>>;

type Condition = keyof typeof CONDITIONS;

type Sid =
  | "CreateUser"
  | "User"
  | "UserPolicy"
  | "Policy"
  | "CreateNodeRole"
  | "NodeRole"
  | "NodeRolePolicies";
type Scope = Pick<PolicyStatement, "resources" | "conditions">;

const scope = (
  resources: readonly string[],
  conditions: readonly PolicyCondition[] = [],
): Scope => ({ resources, conditions });

function scopesOf(deployment: Deployment): Readonly<Record<Sid, Scope>> {
  const { user, policy, nodeRole } = deployment;
  const arn = (kind: string, resource: IamResource) => iamArn(deployment, kind, resource);
  const users = [arn("user", user)];
  const policies = [policy.name, secondPolicyName(policy.name)].map((name) =>
    arn("policy", { path: policy.path, name }),
  );
  const roles = nodeRole === undefined ? [] : [arn("role", nodeRole)];
  return {
    CreateUser: scope(users, boundTo(user.permissionsBoundary)),
    User: scope(users),
    UserPolicy: scope(users, ofPolicies(policies)),
    Policy: scope(policies),
    CreateNodeRole: scope(roles, boundTo(nodeRole?.permissionsBoundary)),
    NodeRole: scope(roles),
    NodeRolePolicies: scope(roles, ofPolicies(nodeRole?.managedPolicyArns ?? [])),
  };
}

/** `when` is every deployment by default. `plan`: whether a plan calls it, not only an apply. */
interface DeployerRow extends Pick<Call, "action" | "why">, Partial<Pick<Call, "plan">> {
  readonly sid: Sid;
  readonly when?: readonly Condition[];
}

const ROWS = rows as readonly DeployerRow[];

/** The permissions to plan, apply, change and destroy a deployment, without its state. */
export function deployerStatements(deployment: Deployment): readonly DeployerStatement[] {
  const isRequired = ({ when }: DeployerRow) =>
    when?.some((condition) => CONDITIONS[condition](deployment)) ?? true;
  return Object.entries(scopesOf(deployment)).map(([sid, own]) => ({
    sid,
    ...own,
    calls: ROWS.filter((row) => row.sid === sid && isRequired(row)).map(
      ({ action, why, plan = false }) => ({ action, why, plan }),
    ),
  }));
}

function boundTo(boundary: string | undefined): readonly PolicyCondition[] {
  return boundary === undefined
    ? []
    : [{ test: "StringEquals", variable: "iam:PermissionsBoundary", values: [boundary] }];
}

function ofPolicies(arns: readonly string[]): readonly PolicyCondition[] {
  return [{ test: "ArnEquals", variable: "iam:PolicyARN", values: [...arns].sort() }];
}

/**
 * The ARN of an IAM entity as a pattern for a policy: unknown account `*`, wildcards in the path
 * escaped.
 */
export function iamArn(
  { region, accountId = "*" }: Deployment,
  kind: string,
  { path, name }: IamResource,
): string {
  return iamResourceArn(
    { partition: partitionOf(region), account: accountId },
    `${kind}${literal(path)}${name}`,
  );
}

/**
 * A string with escaped wildcards, for the `Resource` of a policy. Source: "IAM policy elements:
 * Variables and tags".
 */
export function literal(text: string): string {
  return text.replaceAll(/[*?]/g, (wildcard) => `\${${wildcard}}`);
}
