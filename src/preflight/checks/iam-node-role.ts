import { AwsError, unlessMissing } from "../../aws-api/operations";
import { NODE_ACTIONS } from "../../iam/node-role-permissions";
import { blocker, cannotTell, check, type Finding, ok, skipped, type Tools } from "../check";
import { managedPolicy } from "../managed-policy";
import { decide, type ReadPolicy, readPolicy, trusts } from "../policy-reading";

/** A role for nodes as IAM tells of it. */
export interface NodeRoleFacts {
  readonly name: string;
  readonly path: string;
  readonly trust: ReadPolicy;
  /** Its policies, inline and attached. */
  readonly policies: readonly ReadPolicy[];
  /** Policies that could not be read, in words. */
  readonly unread: readonly string[];
  /** Its permissions boundary, where it has one that could be read. */
  readonly boundary?: ReadPolicy | undefined;
}

/** EC2 under its names: one in most partitions, China has a second one. */
const EC2 = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"];

/**
 * What is wrong with the role that `iamNodeRole` names.
 * @param expectedPath the path that the policy names the role by; undefined where the policy is for every role
 */
export function judgeNodeRole(role: NodeRoleFacts, expectedPath: string | undefined): readonly Finding[] {
  const faults = [
    ...trustFaults(role),
    ...NODE_ACTIONS.flatMap((action) => actionFaults(role, action)),
    ...(expectedPath === undefined || expectedPath === role.path
      ? []
      : [
          blocker(
            `the path of ${role.name} is ${role.path}, and the policy lets DKP pass it under ${expectedPath}`,
            `set cluster.iamNodeRolePath to ${role.path} and apply`,
          ),
        ]),
  ];
  return faults.length > 0 ? faults : [ok(`${role.name} trusts EC2 and allows ${NODE_ACTIONS.join(" and ")}`)];
}

/** What a role that is not there means. */
export function judgeMissingNodeRole(name: string, ownName: string | undefined): Finding {
  return name === ownName
    ? ok(`${name} is not there yet, and nodeRole makes it with the next apply`)
    : blocker(
        `${name} does not exist, and DKP does not make it`,
        "make the role, let nodeRole make it, or correct cluster.iamNodeRole",
      );
}

function trustFaults({ name, trust }: NodeRoleFacts): readonly Finding[] {
  const remedy = "let its trust policy allow sts:AssumeRole to ec2.amazonaws.com";
  const decision = trusts(trust, EC2);
  if (decision === "allowed") {
    return [];
  }
  return decision === "perhaps"
    ? [cannotTell(`${name} trusts EC2 under a condition`, `look whether it holds for machines, or ${remedy}`)]
    : [blocker(`${name} does not trust EC2: no machine gets it`, remedy)];
}

function actionFaults({ name, policies, unread, boundary }: NodeRoleFacts, action: string): readonly Finding[] {
  const remedy = `allow ${action} on "*": without it nodes don't join`;
  const own = decide(action, policies);
  const bound = boundary === undefined ? "allowed" : decide(action, [boundary]);
  if (own === "refused" || bound === "refused" || bound === "not allowed") {
    return [
      blocker(`${name} can't call ${action}: ${own === "refused" ? "a policy" : "its permissions boundary"} denies it`, remedy),
    ];
  }
  if (unread.length > 0) {
    // A policy that nobody could read may deny as well as allow.
    return [cannotTell(`${name} may or may not call ${action}: ${unread.join("; ")}`, remedy)];
  }
  if (own === "not allowed") {
    return [blocker(`${name} can't call ${action}`, remedy)];
  }
  return own === "perhaps" || bound === "perhaps"
    ? [cannotTell(`${name} may call ${action} under a condition`, `look whether it holds for machines, or ${remedy}`)]
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
    const { ask } = tools;
    const name = cluster.iamNodeRole;
    if (name === undefined) {
      return [skipped("cluster.iamNodeRole is not stated: DKP's own role is used")];
    }
    const answer = await unlessMissing(ask("iam:GetRole", { RoleName: name }), "NoSuchEntity");
    const role = answer?.Role;
    if (role === undefined) {
      return [judgeMissingNodeRole(name, nodeRole?.name)];
    }
    const read = await Promise.all([
      ...(await inlinePolicies(tools, name)),
      ...(await attachedPolicies(tools, name)),
      ...[role.PermissionsBoundary?.PermissionsBoundaryArn ?? []].flat().map(async (arn) => {
        const reading = await attempt(managedPolicy(ask, arn));
        return "policy" in reading ? { boundary: reading.policy } : reading;
      }),
    ]);
    const facts = {
      name,
      path: role.Path ?? "/",
      trust: readPolicy(role.AssumeRolePolicyDocument),
      policies: read.flatMap((reading) => ("policy" in reading ? [reading.policy] : [])),
      unread: [...new Set(read.flatMap((reading) => ("unread" in reading ? [reading.unread] : [])))],
      boundary: read.flatMap((reading) => ("boundary" in reading ? [reading.boundary] : []))[0],
    };
    return judgeNodeRole(facts, policy.mode === "documented" ? undefined : cluster.iamNodeRolePath);
  },
});

type Reading = { readonly policy: ReadPolicy } | { readonly unread: string };

async function inlinePolicies({ ask, askAll }: Tools<NodeRoleCalls>, RoleName: string): Promise<readonly Promise<Reading>[]> {
  const pages = await attempt(askAll("iam:ListRolePolicies", { RoleName }));
  return "policy" in pages
    ? pages.policy
        .flatMap(({ PolicyNames = [] }) => PolicyNames)
        .map((PolicyName) =>
          attempt(ask("iam:GetRolePolicy", { RoleName, PolicyName }).then(({ PolicyDocument }) => readPolicy(PolicyDocument))),
        )
    : [Promise.resolve(pages)];
}

async function attachedPolicies({ ask, askAll }: Tools<NodeRoleCalls>, RoleName: string): Promise<readonly Promise<Reading>[]> {
  const pages = await attempt(askAll("iam:ListAttachedRolePolicies", { RoleName }));
  return "policy" in pages
    ? pages.policy
        .flatMap(({ AttachedPolicies = [] }) => AttachedPolicies)
        .map(({ PolicyArn = "" }) => attempt(managedPolicy(ask, PolicyArn)))
    : [Promise.resolve(pages)];
}

/** What was read, or why it was not. */
async function attempt<T>(reading: Promise<T>): Promise<{ readonly policy: T } | { readonly unread: string }> {
  try {
    return { policy: await reading };
  } catch (error) {
    if (error instanceof AwsError) {
      return { unread: `${error.action} answered ${error.code}` };
    }
    throw error;
  }
}
