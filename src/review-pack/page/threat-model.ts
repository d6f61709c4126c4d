import { partitionOf } from "../../iam/partitions";
import type { PolicyOptions } from "../../iam/policy-statements";
import { risksOf, roleOf } from "../../iam/risks";
import { type ControlPolicy, controlPolicy, controlPolicyNotes } from "../../iam/service-control-policy";
import { code, fenced, list, prose, sentence } from "../../render/markdown";
import type { Deployment } from "../../settings/deployment";
import { ACCOUNT_ID, policyOptions } from "../account-placeholder";
import { leakResponse } from "./leak-response";

/** The impact of a leaked key, the mitigations, and the response to a leak. */
export function threatModel(deployment: Deployment, options: PolicyOptions): readonly string[] {
  return [
    "## What a thief of the key could do",
    "",
    ...list(risksOf(options, code).map(({ what, actions }) => `${sentence(what)} (${actions.map(code).join(", ")})`)),
    ...notAllowed(options),
    ...mitigations(deployment),
    ...leakResponse(deployment, options),
  ];
}

function notAllowed({ mode, environment, cluster }: PolicyOptions): readonly string[] {
  return mode === "documented"
    ? [
        "Not allowed by the policy itself: users, groups and access keys, managed policies, S3, databases, secrets. Through a role that the key makes, all of it is.",
        "Modes `scoped` and `minimal` limit the key to one region and one role.",
        "",
      ]
    : [
        `Not allowed by the policy itself: networks, machines, disks and load balancers outside ${prose(environment.region)}; writing roles other than ${code(roleOf(cluster))}; users, groups and access keys; managed policies; S3, databases, secrets. By way of the roles above, all or some of it is.`,
        "",
      ];
}

/** The service control policy for a deployment, with a placeholder for an unknown account. */
export function controlPolicyOf(deployment: Deployment): ControlPolicy {
  const { user, additionalRolePolicies } = deployment;
  return controlPolicy({
    ...policyOptions(deployment, ACCOUNT_ID),
    user: `${user.path}${user.name}`,
    additionalRolePolicies,
  });
}

function mitigations(deployment: Deployment): readonly string[] {
  const { user, accountId, cluster, additionalRolePolicies, attachment, group } = deployment;
  const { mode } = deployment.policy;
  const role = code(roleOf(cluster));
  const policy = controlPolicyOf(deployment);
  return [
    "## What closes it",
    "",
    "Best, an AWS account for DKP alone: then nothing else is within the key's reach.",
    "",
    `Else a service control policy. DKP itself writes the role ${role} and gives it no permissions boundary, so no policy of the user can close the way through it.`,
    "With this one the role does no more than DKP's nodes need, whatever is written into it and whoever takes it:",
    "",
    ...fenced("json", JSON.stringify(policy, null, 2)),
    ...list([
      ...controlPolicyNotes(policy, partitionOf(deployment.region)),
      ...(cluster.prefix === undefined ? ["`PREFIX` is the cluster's `cloud.prefix`."] : []),
      ...(accountId === undefined ? [`\`${ACCOUNT_ID}\` is the account.`] : []),
      ...(mode === "documented" && attachment !== "user"
        ? [
            `It limits the user ${code(user.name)} alone: other members of the group ${code(group.name)} have the policy too, and it does not apply to them.`,
          ]
        : []),
      "Attach it to the account, or to its organizational unit. It does not hold in an organization's management account.",
      `It breaks whatever else uses the role ${role}. Renew it when \`cluster.prefix\` or \`cluster.additionalRolePolicies\` change.`,
      `To try it, put a policy that allows \`s3:ListAllMyBuckets\` on ${role}, and call it from a node: it must be denied.`,
      ...(additionalRolePolicies.length === 0
        ? []
        : [
            `It leaves the role what \`cluster.additionalRolePolicies\` gives it (${additionalRolePolicies.map(code).join(", ")}), to a thief on every resource. A role of your own for the nodes (\`nodeRole\`, \`cluster.iamNodeRole\`) can be limited to some.`,
          ]),
      "It does not touch the rest of what is listed above: other machines' roles, disks, networks and load balancers.",
    ]),
  ];
}
