import { literal } from "../iam/arns";
import { deployerGrants, type Grant, grants, statementsOf } from "../iam/deployer-permissions";
import { partitionOf } from "../iam/partitions";
import { conditionBlock, MAX_POLICY_CHARACTERS } from "../iam/policy-document";
import { visibleLines } from "../render/printable";
import type { Deployment } from "../settings/deployment";
import { type AssumedRole, stateAccess, TAKES_ROLE } from "../terraform/state-permissions";

/** A policy that a principal requires to plan, apply and destroy a deployment. */
export interface DeployerPolicy {
  /** File of the review pack. */
  readonly file: "deployer-policy.json" | "deployer-role-policy.json" | "deployer-state-role-policy.json";
  /** The principal that requires it, for people. */
  readonly principal: string;
  /** ARN of the role that requires it; undefined for the credentials that Terraform runs with. */
  readonly role?: string | undefined;
  /** The policy as JSON, with a final newline. */
  readonly text: string;
  /** The actions of the policy with their resources and reasons, in the same order. */
  readonly grants: readonly Grant[];
}

export interface DeployerPolicies {
  /** One policy, or several if Terraform assumes roles. */
  readonly policies: readonly DeployerPolicy[];
  /** Limitations of the policies of this deployment, as sentences. */
  readonly notes: readonly string[];
}

/** Impact of the deployer's policy, for reviewers; the same for every deployment. */
export const DEPLOYER_NOTES: readonly string[] = [
  "Whoever has these permissions can do what the user may: make keys of the user.",
  "They also let their holder write any permission into the user's policy: in effect an administrator. So is whoever can change what the pipeline applies.",
  "`user.permissionsBoundary` limits the user to the boundary: the user is then made with it only, and the holder can neither take it off nor put another. `nodeRole.permissionsBoundary` does the same for that role; without it, the holder can make that role an administrator. The way through the role that DKP makes stays open: only the service control policy above closes it.",
  "Keep the boundary itself to your administrators: deny everybody else `iam:DeleteUserPermissionsBoundary` and `iam:PutUserPermissionsBoundary` on the user, and `iam:CreatePolicyVersion` and `iam:SetDefaultPolicyVersion` on the boundary.",
  "The permissions follow from the settings as they are. What a change takes away (tags, a group, the role for nodes or a policy of it) is still applied with the permissions from before that change.",
  "Not among them: renaming and moving to another path, which touch the old name, and taking a permissions boundary off. An administrator applies these.",
  "`sts:GetCallerIdentity`, which Terraform calls in every run, needs no permission.",
];

/**
 * The policies required to plan, apply, update and destroy a deployment, scoped to its names and its state.
 * If Terraform assumes a role, that role has the permissions, and the pipeline's own credentials only assume the role.
 */
export function deployerPolicies(deployment: Deployment): DeployerPolicies {
  const state = stateAccess(deployment.state, deployment.region);
  const { assumeRoleArn } = deployment.provider;
  const iamRole: AssumedRole | undefined = assumeRoleArn === undefined ? undefined : { arn: assumeRoleArn, actions: TAKES_ROLE };
  const parts = [
    ...assumingRole("TakeRole", iamRole),
    ...assumingRole(state.role?.arn === assumeRoleArn ? "TakeRole" : "TakeStateRole", state.role),
    ...grantedTo(iamRole, deployerGrants(iamOptions(deployment))),
    ...grantedTo(state.role, state.grants),
  ];
  const principals = [...new Set([undefined, iamRole?.arn, state.role?.arn])];
  const policies = principals
    .map((arn) => ({ arn, own: unique(parts.filter(({ principal }) => principal === arn).map(({ grant }) => grant)) }))
    .filter(({ own }) => own.length > 0)
    .map(
      ({ arn, own }): DeployerPolicy => ({
        file: fileOf(arn, assumeRoleArn),
        principal: arn === undefined ? "the credentials that Terraform is run with" : `the role ${arn}`,
        role: arn,
        text: policyText(own),
        grants: own,
      }),
    );
  const { attachment, user, tags = {} } = deployment;
  const notes = [
    ...(attachment === "user" ? [] : [ANY_MEMBER]),
    ...(attachment === "user" || user.permissionsBoundary === undefined ? [] : [BOUNDARY_NOT_EFFECTIVE]),
    ...(Object.keys(tags).length === 0 ? [] : [TAGS]),
    ...state.notes,
    ...policies.flatMap(sizeNote),
  ];
  return { policies, notes };
}

/** Source: "Service Authorization Reference", `iam:AddUserToGroup`: its only resource is the group. */
const ANY_MEMBER =
  "IAM authorizes `iam:AddUserToGroup` on the group alone, and no condition key names the user: the holder can put any user of the account into the group, who then has the policy";

const BOUNDARY_NOT_EFFECTIVE =
  "with this `attachment`, `user.permissionsBoundary` does not limit the holder: with `iam:CreatePolicyVersion` it can write any permission into the policy, and with `iam:AddUserToGroup` it can give that policy to a user without a boundary, its own for one; only `attachment: user` keeps the boundary effective";

const TAGS =
  "`iam:TagUser`, `iam:TagPolicy` and, with `nodeRole`, `iam:TagRole` set any tag: where other policies of the account grant access by tags, the holder can obtain that access";

function sizeNote({ file, text }: DeployerPolicy): readonly string[] {
  const size = text.replaceAll(/\s/g, "").length;
  return size <= MAX_POLICY_CHARACTERS
    ? []
    : [
        `${file} has ${size} characters, a managed policy has at most ${MAX_POLICY_CHARACTERS}: make it an inline policy of a role, which may have 10,240`,
      ];
}

interface Part {
  readonly principal: string | undefined;
  readonly grant: Grant;
}

function grantedTo(role: AssumedRole | undefined, own: readonly Grant[]): readonly Part[] {
  return own.map((grant) => ({ principal: role?.arn, grant }));
}

/** What the credentials that Terraform runs with require to assume a role. */
function assumingRole(sid: string, role: AssumedRole | undefined): readonly Part[] {
  return role === undefined
    ? []
    : grantedTo(undefined, grants(sid, { resources: [literal(role.arn)], conditions: [] }, role.actions));
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

function iamOptions({
  region,
  accountId,
  tags,
  accessKeys,
  adopt,
  preflight,
  instances,
  ...deployment
}: Deployment): Parameters<typeof deployerGrants>[0] {
  return {
    ...deployment,
    partition: partitionOf(region),
    account: accountId,
    keys: accessKeys !== "none",
    tags: Object.keys(tags ?? {}).length > 0,
    importsKey: adopt?.accessKeyId !== undefined,
    checks: { region: preflight, image: preflight && instances.masters.ami !== undefined },
  };
}

/** A policy as JSON, in the order of its statements, indented by two spaces. */
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
