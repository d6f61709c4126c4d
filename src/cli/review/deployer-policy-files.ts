import { literal } from "../../iam/arns";
import { deployerGrants, type Grant, grants, statementsOf } from "../../iam/deployer-permissions";
import { furtherNames } from "../../iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../iam/limits";
import { partitionOf } from "../../iam/partitions";
import { conditionBlock } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import { ASSUMES_ROLE, type AssumedRole, stateAccess } from "../../terraform/state-permissions";
import { visibleLines } from "../../text/printable";

/** A policy that a principal requires to plan, apply and destroy a deployment. */
export interface DeployerPolicy {
  /** File of the review pack. */
  readonly file: "deployer-policy.json" | "deployer-role-policy.json" | "deployer-state-role-policy.json";
  /** Who requires it. */
  readonly principal: string;
  /** ARN of the role that requires it; absent for the credentials that Terraform runs with. */
  readonly role?: string | undefined;
  /** The policy, with a newline at its end. */
  readonly text: string;
  /** Its actions with their resources and reasons, in the order of the policy. */
  readonly grants: readonly Grant[];
}

export interface DeployerPolicies {
  /** One, or more if Terraform assumes roles. */
  readonly policies: readonly DeployerPolicy[];
  /** What the policies of this deployment do not limit: sentences that start in lower case, without a period. */
  readonly notes: readonly string[];
}

/**
 * The least-privilege policies for planning, applying, updating and destroying a deployment, limited to its names and its state.
 * If Terraform assumes a role, that role has the permissions, and the pipeline's own credentials can only assume the role.
 */
export function deployerPolicies(deployment: Deployment): DeployerPolicies {
  const { state, parts, roles } = partsOfDeployment(deployment);
  const { assumeRoleArn } = deployment.provider;
  const principals = [...new Set([undefined, ...roles])];
  const policies = principals
    .map((arn) => ({ arn, own: grantsOf(arn, parts) }))
    .filter(({ own }) => own.length > 0)
    .map(
      ({ arn, own }): DeployerPolicy => ({
        file: fileOf(arn, assumeRoleArn),
        principal: arn === undefined ? "the credentials that Terraform runs with" : `the role ${arn}`,
        role: arn,
        text: policyText(own),
        grants: own,
      }),
    );
  const { attachment, user, tags = {} } = deployment;
  const notes = [
    ...(attachment === "user" ? [] : [ANY_MEMBER]),
    ...(attachment === "user" || user.permissionsBoundary === undefined ? [] : [BOUNDARY_IS_INEFFECTIVE]),
    ...(Object.keys(tags).length === 0 ? [] : [TAGS]),
    ...(roles.length === 0 ? [] : [PLANNER_ASSUMES_ROLE]),
    ...state.notes,
    ...policies.flatMap(sizeNote),
  ];
  return { policies, notes };
}

/**
 * The least-privilege policy of a principal that only plans, without taking the state's lock: `terraform plan -lock=false`. It writes
 * nothing, the lock included: whoever can write the lock can stop an apply, or let two of them run at once.
 */
export function plannerPolicy(deployment: Deployment): string {
  const { parts } = partsOfDeployment(deployment);
  return policyText(grantsOf(undefined, parts).filter(({ plan }) => plan === true));
}

const PLANNER_ASSUMES_ROLE =
  "the principal that plans assumes the same role as the one that applies: `planner-policy.json` does not limit it to reading";

/** Source: "Service Authorization Reference", `iam:AddUserToGroup`: its only resource is the group. */
const ANY_MEMBER =
  "IAM authorizes `iam:AddUserToGroup` on the group alone, and no condition key names the user: the principal can add any user of the account to the group, who then has the policy";

const BOUNDARY_IS_INEFFECTIVE =
  "with this `attachment`, `user.permissionsBoundary` does not limit the principal: with `iam:CreatePolicyVersion` it can write any permission into the policy, and with `iam:AddUserToGroup` it can give that policy to a user without a boundary, for example its own; only `attachment: user` keeps the boundary effective";

const TAGS =
  "`iam:TagUser`, `iam:TagPolicy` and, with `nodeRole`, `iam:TagRole` set any tag: if other policies of the account grant access by tags, the principal can obtain that access";

function sizeNote({ file, text }: DeployerPolicy): readonly string[] {
  const size = text.replaceAll(/\s/g, "").length;
  return size <= MAX_POLICY_CHARACTERS
    ? []
    : [
        `${file} has ${size} characters, but a managed policy has at most ${MAX_POLICY_CHARACTERS}: add it to a role as an inline policy, which has at most 10,240`,
      ];
}

interface Part {
  readonly principal: string | undefined;
  readonly grant: Grant;
}

/** Everything that Terraform calls, by who calls it; and the roles that it assumes. */
function partsOfDeployment(deployment: Deployment) {
  const state = stateAccess(deployment.state, deployment.region);
  const { assumeRoleArn } = deployment.provider;
  const iamRole: AssumedRole | undefined =
    assumeRoleArn === undefined ? undefined : { arn: assumeRoleArn, actions: ASSUMES_ROLE };
  const parts: readonly Part[] = [
    ...roleAssumption("TakeRole", iamRole),
    ...roleAssumption(state.role?.arn === assumeRoleArn ? "TakeRole" : "TakeStateRole", state.role),
    ...partsOf(iamRole, deployerGrants(iamOptions(deployment))),
    ...partsOf(state.role, state.grants),
  ];
  return { state, parts, roles: [iamRole?.arn, state.role?.arn].filter((arn) => arn !== undefined) };
}

function grantsOf(principal: string | undefined, parts: readonly Part[]): readonly Grant[] {
  return unique(parts.filter((part) => part.principal === principal).map(({ grant }) => grant));
}

function partsOf(role: AssumedRole | undefined, own: readonly Grant[]): readonly Part[] {
  return own.map((grant) => ({ principal: role?.arn, grant }));
}

/** What the credentials that Terraform runs with require to assume a role. */
function roleAssumption(sid: string, role: AssumedRole | undefined): readonly Part[] {
  return role === undefined
    ? []
    : partsOf(
        undefined,
        grants(sid, { resources: [literal(role.arn)], conditions: [] }, role.actions, Object.keys(role.actions)),
      );
}

function unique(all: readonly Grant[]): readonly Grant[] {
  return all.filter(({ sid, action }, index) => all.findIndex((other) => other.sid === sid && other.action === action) === index);
}

function fileOf(arn: string | undefined, providerRole: string | undefined): DeployerPolicy["file"] {
  if (arn === undefined) {
    return "deployer-policy.json";
  }
  return arn === providerRole ? "deployer-role-policy.json" : "deployer-state-role-policy.json";
}

function iamOptions(deployment: Deployment): Parameters<typeof deployerGrants>[0] {
  const { region, accountId, tags, accessKeys, import: imports, policy } = deployment;
  return {
    ...deployment,
    policies: [policy.name, furtherNames(policy.name)].map((name) => ({ path: policy.path, name })),
    partition: partitionOf(region),
    account: accountId,
    keys: accessKeys !== "none",
    tags: Object.keys(tags ?? {}).length > 0,
    importsKey: imports?.accessKeyId !== undefined,
  };
}

/** A policy as JSON with the usual order of elements and two spaces of indentation. */
function policyText(own: readonly Grant[]): string {
  const document = {
    Version: "2012-10-17",
    Statement: statementsOf(own).map(({ sid, actions, resources, conditions }) => ({
      Sid: sid,
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...conditionBlock(conditions, (values) => values),
    })),
  };
  return `${visibleLines(JSON.stringify(document, null, 2))}\n`;
}
