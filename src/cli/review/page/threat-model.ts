import { ACCOUNT_ID } from "../../../iam/arns";
import { partitionOf } from "../../../iam/partitions";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { risksOf } from "../../iam/risks";
import { type ControlPolicy, controlPolicy, MAX_CONTROL_POLICY_CHARACTERS } from "../../iam/service-control-policy";
import { code, codes, list, type Markdown, md, sentence, table } from "../../text/markdown";
import type { TemplateData } from "../../text/template";

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

/** How to attach the service control policy, and what it does not limit: the data of the template's list. */
export function controlPolicyNotesOf(deployment: Deployment, policy: ControlPolicy): TemplateData {
  const { region, user, accountId, cluster, additionalRolePolicies, attachment, group } = deployment;
  const excess = JSON.stringify(policy).length - MAX_CONTROL_POLICY_CHARACTERS;
  // Source: AWS Security Blog, "full IAM language", 2025.
  const acceptsNotResource = ["aws", "aws-us-gov"].includes(partitionOf(region));
  const withNotResource = policy.Statement.filter(({ NotResource }) => NotResource !== undefined && !acceptsNotResource);
  return {
    excess: code(excess > 0 ? String(excess) : ""),
    notResource: codes(withNotResource.map(({ Sid }) => Sid)),
    prefixUnknown: cluster.prefix === undefined,
    unknownAccount: code(accountId === undefined ? ACCOUNT_ID : ""),
    userName: code(user.name),
    unlimitedGroup: code(deployment.policy.mode === "documented" && attachment !== "user" ? group.name : ""),
    additionalRolePolicies: codes(additionalRolePolicies),
  };
}
