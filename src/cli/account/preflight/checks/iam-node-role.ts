import { NODE_ACTIONS } from "../../../../iam/node-role-permissions";
import { AwsError, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, type Tools, unknown } from "../check";
import { managedPolicy } from "../managed-policy";
import { actionDecision, parsePolicyDocument, type ReadPolicy, trusts } from "../policy-reading";

/** A role for nodes as IAM reports it. */
export interface NodeRoleFacts {
  readonly name: string;
  readonly path: string;
  readonly trust: ReadPolicy;
  /** Its policies, inline and attached. */
  readonly policies: readonly ReadPolicy[];
  /** The reasons why policies could not be read. */
  readonly unread: readonly string[];
  /** Its permissions boundary, where it has one that could be read. */
  readonly boundary?: ReadPolicy | undefined;
}

/** The service principals of EC2; China has a second one. */
const EC2 = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"];

/**
 * The errors of the role that `iamNodeRole` names.
 * @param expectedPath the path in the role ARN of the policy; undefined where the policy covers every role
 */
export function judgeNodeRole(role: NodeRoleFacts, expectedPath: string | undefined): readonly Finding[] {
  const errors = [
    ...trustErrors(role),
    ...NODE_ACTIONS.flatMap((action) => actionErrors(role, action)),
    ...(expectedPath === undefined || expectedPath === role.path
      ? []
      : [
          failed(
            `the path of ${role.name} is ${role.path}, and the policy allows DKP to pass it under ${expectedPath}`,
            `set cluster.iamNodeRolePath to ${role.path} and apply`,
          ),
        ]),
  ];
  return errors.length > 0 ? errors : [ok(`${role.name} trusts EC2 and allows ${NODE_ACTIONS.join(" and ")}`)];
}

/** The finding for a role that does not exist. */
export function judgeMissingNodeRole(name: string, ownName: string | undefined): Finding {
  return name === ownName
    ? ok(`${name} does not exist yet, and the next apply creates it (nodeRole)`)
    : failed(
        `${name} does not exist, and DKP does not create it`,
        "create the role, set nodeRole so that an apply creates it, or correct cluster.iamNodeRole",
      );
}

function trustErrors({ name, trust }: NodeRoleFacts): readonly Finding[] {
  const remedy = "allow sts:AssumeRole to ec2.amazonaws.com in its trust policy";
  const decision = trusts(trust, EC2);
  if (decision === "allowed") {
    return [];
  }
  return decision === "conditional"
    ? [unknown(`${name} trusts EC2 under a condition`, `check whether the condition is true for instances, or ${remedy}`)]
    : [failed(`${name} does not trust EC2: instances cannot use it`, remedy)];
}

function actionErrors({ name, policies, unread, boundary }: NodeRoleFacts, action: string): readonly Finding[] {
  const remedy = `allow ${action} on "*": without it, nodes do not join`;
  const own = actionDecision(action, policies);
  const bound = boundary === undefined ? "allowed" : actionDecision(action, [boundary]);
  if (own === "denied" || bound === "denied" || bound === "not allowed") {
    return [
      failed(`${name} cannot call ${action}: ${own === "denied" ? "a policy" : "its permissions boundary"} denies it`, remedy),
    ];
  }
  if (unread.length > 0) {
    // A policy that could not be read may contain an Allow or a Deny.
    return [unknown(`it is unknown whether ${name} may call ${action}: ${unread.join("; ")}`, remedy)];
  }
  if (own === "not allowed") {
    return [failed(`${name} cannot call ${action}`, remedy)];
  }
  return own === "conditional" || bound === "conditional"
    ? [unknown(`${name} may call ${action} under a condition`, `check whether the condition is true for instances, or ${remedy}`)]
    : [];
}

type NodeRoleCalls =
  | "iam:GetRole"
  | "iam:ListRolePolicies"
  | "iam:GetRolePolicy"
  | "iam:ListAttachedRolePolicies"
  | "iam:GetPolicy"
  | "iam:GetPolicyVersion";

/** The role that `iamNodeRole` names. */
export const iamNodeRoleCheck = check({
  name: "iamNodeRole",
  calls: [
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
  ],
  where: "always-on region",
  async run(tools, { deployment: { cluster, nodeRole, policy } }) {
    const { call } = tools;
    const name = cluster.iamNodeRole;
    if (name === undefined) {
      return [skipped("cluster.iamNodeRole is not set: nodes use the role that DKP creates")];
    }
    const answer = await unlessMissing(call("iam:GetRole", { RoleName: name }), "NoSuchEntity");
    const role = answer?.Role;
    if (role === undefined) {
      return [judgeMissingNodeRole(name, nodeRole?.name)];
    }
    const read = await Promise.all([
      ...(await inlinePolicies(tools, name)),
      ...(await attachedPolicies(tools, name)),
      ...[role.PermissionsBoundary?.PermissionsBoundaryArn ?? []].flat().map(async (arn) => {
        const reading = await attempt(managedPolicy(call, arn));
        return "policy" in reading ? { boundary: reading.policy } : reading;
      }),
    ]);
    const facts = {
      name,
      path: role.Path ?? "/",
      trust: parsePolicyDocument(role.AssumeRolePolicyDocument),
      policies: read.flatMap((reading) => ("policy" in reading ? [reading.policy] : [])),
      unread: [...new Set(read.flatMap((reading) => ("unread" in reading ? [reading.unread] : [])))],
      boundary: read.flatMap((reading) => ("boundary" in reading ? [reading.boundary] : []))[0],
    };
    return judgeNodeRole(facts, policy.mode === "documented" ? undefined : cluster.iamNodeRolePath);
  },
});

type Reading = { readonly policy: ReadPolicy } | { readonly unread: string };

async function inlinePolicies({ call, callAll }: Tools<NodeRoleCalls>, RoleName: string): Promise<readonly Promise<Reading>[]> {
  const pages = await attempt(callAll("iam:ListRolePolicies", { RoleName }));
  return "policy" in pages
    ? pages.policy
        .flatMap(({ PolicyNames = [] }) => PolicyNames)
        .map((PolicyName) =>
          attempt(
            call("iam:GetRolePolicy", { RoleName, PolicyName }).then(({ PolicyDocument }) => parsePolicyDocument(PolicyDocument)),
          ),
        )
    : [Promise.resolve(pages)];
}

async function attachedPolicies({ call, callAll }: Tools<NodeRoleCalls>, RoleName: string): Promise<readonly Promise<Reading>[]> {
  const pages = await attempt(callAll("iam:ListAttachedRolePolicies", { RoleName }));
  return "policy" in pages
    ? pages.policy
        .flatMap(({ AttachedPolicies = [] }) => AttachedPolicies)
        .map(({ PolicyArn = "" }) => attempt(managedPolicy(call, PolicyArn)))
    : [Promise.resolve(pages)];
}

/** What was read, or why it was not. */
async function attempt<T>(reading: Promise<T>): Promise<{ readonly policy: T } | { readonly unread: string }> {
  try {
    return { policy: await reading };
  } catch (error) {
    if (error instanceof AwsError) {
      return { unread: `${error.action} returned ${error.code}` };
    }
    throw error;
  }
}
