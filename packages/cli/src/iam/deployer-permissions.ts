import { iamResourceArn, partitionOf } from "../../../../src/iam/arns";
import { secondPolicyName } from "../../../../src/iam/deployment-policies";
import type { PolicyCondition, PolicyStatement } from "../../../../src/iam/policy-document";
import { equals } from "../../../../src/iam/policy-statements";
import type { Deployment } from "../../../../src/settings/deployment";
import rows from "./deployer.json";

type IamResource = Readonly<Record<"name" | "path", string>>;

export interface Call {
  readonly action: string;
  /** Whether `terraform plan -lock=false` makes the call. */
  readonly plan: boolean;
}

/** The resources and conditions of the statement apply to all calls. */
export interface DeployerStatement
  extends Pick<PolicyStatement, "sid" | "resources" | "conditions"> {
  readonly calls: readonly Call[];
}

const CONDITIONS = {
  key: ({ accessKeys }) => accessKeys.managedBy === "terraform",
  tags: ({ tags }) => Object.keys(tags ?? {}).length > 0,
  boundary: ({ user }) => user.permissionsBoundary !== undefined,
  "no-boundary": ({ user }) => user.permissionsBoundary === undefined,
  "role-boundary": ({ nodeRole }) => nodeRole?.permissionsBoundary !== undefined,
  "no-role-boundary": ({ nodeRole }) => nodeRole?.permissionsBoundary === undefined,
} satisfies Readonly<Record<string, (deployment: Deployment) => boolean>>;

type Condition = keyof typeof CONDITIONS;

type Scope = Pick<PolicyStatement, "resources" | "conditions">;

const scope = (
  resources: readonly string[],
  conditions: readonly PolicyCondition[] = [],
): Scope => ({ resources, conditions });

/** By Sid, the scopes of the statements that the deployment requires. */
function scopesOf(deployment: Deployment): Readonly<Record<string, Scope>> {
  const { user, policy, nodeRole } = deployment;
  const arn = (kind: string, resource: IamResource) => iamArn(deployment, kind, resource);
  const users = [arn("user", user)];
  const policies = [policy.name, secondPolicyName(policy.name)].map((name) =>
    arn("policy", { path: policy.path, name }),
  );
  const ofUser = {
    CreateUser: scope(users, boundTo(user.permissionsBoundary)),
    User: scope(users),
    UserPolicy: scope(users, ofPolicies(policies)),
    Policy: scope(policies),
  };
  if (nodeRole === undefined) {
    return ofUser;
  }
  const { permissionsBoundary, managedPolicyArns } = nodeRole;
  const roles = [arn("role", nodeRole)];
  return {
    ...ofUser,
    CreateNodeRole: scope(roles, boundTo(permissionsBoundary)),
    NodeRole: scope(roles),
    ...(managedPolicyArns.length > 0 && {
      NodeRolePolicies: scope(roles, ofPolicies(managedPolicyArns)),
    }),
  };
}

/** `when` is every deployment by default. `plan`: whether a plan calls it, not only an apply. */
interface DeployerRow extends Pick<Call, "action">, Partial<Pick<Call, "plan">> {
  readonly sid: string;
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
      ({ action, plan = false }) => ({ action, plan }),
    ),
  }));
}

function boundTo(boundary: string | undefined): readonly PolicyCondition[] {
  return boundary === undefined ? [] : [equals("iam:PermissionsBoundary", boundary)];
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
