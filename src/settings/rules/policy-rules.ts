import { LAYOUTS } from "../../iam/cluster";
import { deploymentPolicies, policyName } from "../../iam/deployment-policies";
import { MAX_ATTACHED_POLICIES, MAX_POLICY_CHARACTERS, POLICY_NAME } from "../../iam/limits";
import { partitionOf } from "../../iam/partitions";
import { policySize } from "../../iam/policy-document";
import type { PolicyStatement } from "../../iam/policy-statements";
import { hasPermissions, toCluster } from "../deployment";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import { type Rule, rule } from "./rule";

/** A placeholder with the length of an account id. */
const ANY_ACCOUNT = "000000000000";

/** Rules between the policy and the cluster: what a mode requires, and the size of what it grants. */
export const POLICY_RULES: readonly Rule[] = [
  rule(["policy", "cluster"], (fields) =>
    hasPermissions(fields)
      ? undefined
      : {
          path: ["cluster", "prefix"],
          message: `missing: policy.mode ${show(fields.policy.mode)} limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`,
        },
  ),
  rule(["policy", "cluster"], ({ policy, cluster }) =>
    policy.mode !== "minimal" || cluster.layout !== undefined
      ? undefined
      : {
          path: ["cluster", "layout"],
          message: `missing: policy.mode "minimal" grants what the layout needs; write one of ${LAYOUTS.join(", ")}`,
        },
  ),
  rule(["policy", "cluster", "features", "region", "accountId", "nodeRole", "user.allowedNetworks"], (settings) => {
    const { mode, supplement } = settings.policy;
    const cluster = toCluster(settings);
    if (!hasPermissions(settings)) {
      return undefined;
    }
    const environment = {
      partition: partitionOf(settings.region),
      region: settings.region,
      account: settings.accountId ?? ANY_ACCOUNT,
    };
    return policiesError(
      settings.policy.name,
      deploymentPolicies({ mode, supplement, cluster, environment, allowedNetworks: settings["user.allowedNetworks"] }),
    );
  }),
];

/** Several policies must have valid names, fit into the quota of IAM, and each into the size of a policy. */
function policiesError(name: string, policies: readonly (readonly PolicyStatement[])[]): FieldError | undefined {
  const count = policies.length;
  const remedy = "shorten the lists of roles, accounts, keys and tags in cluster";
  const tooLarge = policies.flat().find((statement) => policySize([statement]) > MAX_POLICY_CHARACTERS);
  if (tooLarge?.effect === "Deny") {
    return {
      path: ["user", "allowedNetworks"],
      message: `requires a statement of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; combine its networks`,
    };
  }
  if (tooLarge !== undefined) {
    return {
      path: ["policy", "mode"],
      message: `requires a statement ${tooLarge.sid} of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; ${remedy}`,
    };
  }
  if (count > MAX_ATTACHED_POLICIES) {
    return {
      path: ["policy", "mode"],
      message: `requires ${count} policies, IAM attaches at most ${MAX_ATTACHED_POLICIES} to a user or group; ${remedy}`,
    };
  }
  const last = policyName(name, count);
  return POLICY_NAME.pattern.test(last)
    ? undefined
    : {
        path: ["policy", "name"],
        message: `${show(name)} is too long for the ${count} policies that the permissions require, the last one is ${show(last)}; shorten it to ${POLICY_NAME.max - last.length + name.length} characters`,
      };
}
