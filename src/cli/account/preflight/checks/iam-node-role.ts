import { NODE_ACTIONS } from "../../../../iam/node-role-permissions";
import { mapped, type Reading, storedDocument } from "../../aws/iam-reader";
import { AwsError, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, unknown } from "../check";
import { actionDecision, managedPolicy, type ReadPolicy, trusts } from "../policy-reading";

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

const CONDITION = "check whether the condition is true for instances, or";

/**
 * The errors of the role that `iamNodeRole` names.
 * @param expectedPath the path in the role ARN of the policy; undefined where the policy covers every role
 */
export function judgeNodeRole(role: NodeRoleFacts, expectedPath: string | undefined): readonly Finding[] {
  const { name, path, trust } = role;
  const errors: Finding[] = [];
  const trusted = trusts(trust, EC2);
  const remedy = "allow sts:AssumeRole to ec2.amazonaws.com in its trust policy";
  if (trusted === "conditional") {
    errors.push(unknown(`${name} trusts EC2 under a condition`, `${CONDITION} ${remedy}`));
  } else if (trusted !== "allowed") {
    errors.push(failed(`${name} does not trust EC2: instances cannot use it`, remedy));
  }
  errors.push(...NODE_ACTIONS.flatMap((action) => actionError(role, action) ?? []));
  if (expectedPath !== undefined && expectedPath !== path) {
    const found = `the path of ${name} is ${path}, and the policy allows DKP to pass it under ${expectedPath}`;
    errors.push(failed(found, `set cluster.iamNodeRolePath to ${path} and apply`));
  }
  return errors.length > 0 ? errors : [ok(`${name} trusts EC2 and allows ${NODE_ACTIONS.join(" and ")}`)];
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

function actionError({ name, policies, unread, boundary }: NodeRoleFacts, action: string): Finding | undefined {
  const remedy = `allow ${action} on "*": without it, nodes do not join`;
  const own = actionDecision(action, policies);
  const bound = boundary === undefined ? "allowed" : actionDecision(action, [boundary]);
  if (own === "denied") {
    return failed(`${name} cannot call ${action}: a policy denies it`, remedy);
  }
  if (bound === "denied" || bound === "not allowed") {
    return failed(`${name} cannot call ${action}: its permissions boundary denies it`, remedy);
  }
  if (unread.length > 0) {
    // A policy that could not be read may contain an Allow or a Deny.
    return unknown(`it is unknown whether ${name} may call ${action}: ${unread.join("; ")}`, remedy);
  }
  if (own === "not allowed") {
    return failed(`${name} cannot call ${action}`, remedy);
  }
  return own === "conditional" || bound === "conditional"
    ? unknown(`${name} may call ${action} under a condition`, `${CONDITION} ${remedy}`)
    : undefined;
}

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
  async run({ call, callAll }, { deployment: { cluster, nodeRole, policy } }) {
    const RoleName = cluster.iamNodeRole;
    if (RoleName === undefined) {
      return [skipped("cluster.iamNodeRole is not set: nodes use the role that DKP creates")];
    }
    const role = (await unlessMissing(call("iam:GetRole", { RoleName }), "NoSuchEntity"))?.Role;
    if (role === undefined) {
      return [judgeMissingNodeRole(RoleName, nodeRole?.name)];
    }
    const inline = await readingOf(callAll("iam:ListRolePolicies", { RoleName }));
    const attached = await readingOf(callAll("iam:ListAttachedRolePolicies", { RoleName }));
    const names = mapped(inline, (pages) => pages.flatMap(({ PolicyNames = [] }) => PolicyNames));
    const arns = mapped(attached, (pages) =>
      pages.flatMap(({ AttachedPolicies = [] }) => AttachedPolicies.map(({ PolicyArn = "" }) => PolicyArn)),
    );
    const policies = await Promise.all([
      ...each(names, async (PolicyName) =>
        storedDocument((await call("iam:GetRolePolicy", { RoleName, PolicyName })).PolicyDocument),
      ),
      ...each(arns, (arn) => managedPolicy(call, arn)),
    ]);
    const boundaryArn = role.PermissionsBoundary?.PermissionsBoundaryArn;
    const boundary = boundaryArn === undefined ? [] : [await readingOf(managedPolicy(call, boundaryArn))];
    const facts = {
      name: RoleName,
      path: role.Path ?? "/",
      trust: storedDocument(role.AssumeRolePolicyDocument),
      policies: policies.flatMap((reading) => ("value" in reading ? [reading.value] : [])),
      unread: [...new Set([...policies, ...boundary].flatMap((reading) => ("unread" in reading ? [reading.unread] : [])))],
      boundary: boundary.flatMap((reading) => ("value" in reading ? [reading.value] : []))[0],
    };
    return judgeNodeRole(facts, policy.mode === "documented" ? undefined : cluster.iamNodeRolePath);
  },
});

/** Reads the policy of each item; the reason where there are no items because their list could not be read. */
function each(
  items: Reading<readonly string[]>,
  read: (item: string) => Promise<ReadPolicy>,
): readonly Promise<Reading<ReadPolicy>>[] {
  return "value" in items ? items.value.map((item) => readingOf(read(item))) : [Promise.resolve(items)];
}

/** What was read, or why it was not: a policy that cannot be read does not keep the others from being read. */
async function readingOf<T>(answer: Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await answer };
  } catch (error) {
    if (error instanceof AwsError) {
      return { unread: `${error.action} returned ${error.code}` };
    }
    throw error;
  }
}
