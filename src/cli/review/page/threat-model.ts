import { ACCOUNT_ID } from "../../../iam/arns";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { risksOf, roleOf } from "../../../iam/risks";
import { type ControlPolicy, controlPolicy } from "../../../iam/service-control-policy";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { code, codes, list, type Markdown, md, sentence, table } from "../../../text/markdown";

/** What an attacker with the key can do, with the actions that allow it. */
export function riskList(options: PolicyOptions): Markdown {
  return list(risksOf(options, code).map(({ what, actions }) => md`${sentence(what)} (${codes(actions)})`));
}

/** The service control policy of a deployment, as it is attached in AWS Organizations. */
export function controlPolicyOf(deployment: Deployment): ControlPolicy {
  const { user, additionalRolePolicies } = deployment;
  return controlPolicy({
    ...policyOptionsOf(deployment),
    user: `${user.path}${user.name}`,
    additionalRolePolicies,
  });
}

/** What each statement of the service control policy denies. */
export function controlPolicyTable({ Statement }: ControlPolicy): Markdown {
  return table(
    ["statement", "principal", "denied actions", "except on"],
    Statement.map(({ Sid, Condition, Action, NotAction = [], NotResource = [] }) => [
      code(Sid),
      code(Condition.ArnEquals["aws:PrincipalArn"]),
      Action === undefined ? md`all except ${codes(NotAction)}` : codes(Action),
      codes(NotResource),
    ]),
  );
}

/** How to attach the service control policy, and what it does not limit. */
export function controlPolicyNotesOf(deployment: Deployment, _policy: ControlPolicy): Markdown {
  const { user, accountId, cluster, additionalRolePolicies, attachment, group } = deployment;
  const role = code(roleOf(cluster));
  const appliesToOneMember = deployment.policy.mode === "documented" && attachment !== "user";
  const notes: readonly (readonly [applies: boolean, note: Markdown])[] = [
    [
      cluster.prefix === undefined,
      md`\`PREFIX\` is the \`cloud.prefix\` of the cluster: state \`cluster.prefix\`, and the file contains it.`,
    ],
    [accountId === undefined, md`${code(ACCOUNT_ID)} is the ID of the account: state \`accountId\`, and the file contains it.`],
    [
      appliesToOneMember,
      md`It limits only the user ${code(user.name)}. Other members of the group ${code(group.name)} also have the policy, but are not limited.`,
    ],
    [
      true,
      md`Attach it to the account or to its organizational unit. It has no effect in the management account of an organization.`,
    ],
    [
      true,
      md`It affects everything else that uses the role ${role}. Update it when \`cluster.prefix\` or \`cluster.additionalRolePolicies\` change.`,
    ],
    [
      true,
      md`To test it, add a policy that allows \`s3:ListAllMyBuckets\` to ${role} and call the action from a node: AWS must deny it.`,
    ],
    [
      additionalRolePolicies.length > 0,
      md`It allows the role what \`cluster.additionalRolePolicies\` contains (${codes(additionalRolePolicies)}), on all resources also for an attacker. A separate node role (\`nodeRole\`, \`cluster.iamNodeRole\`) can be limited to some resources.`,
    ],
    [true, md`It does not limit the other access listed above: roles of other instances, disks, networks and load balancers.`],
  ];
  return list(notes.filter(([applies]) => applies).map(([, note]) => note));
}
