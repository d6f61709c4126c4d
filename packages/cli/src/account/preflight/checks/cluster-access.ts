import { lackingRules, ruleYaml } from "../../../cluster/access-rules";
import type { ClusterAccess } from "../../../cluster/d8";
import { ClusterError } from "../../../cluster/failures";
import type { CheckResult } from "../report";

/**
 * Whether the user of the kubeconfig has the permissions that the commands with `--cluster`
 * require. Reads nothing of the cluster.
 */
export async function clusterAccessCheck(access: ClusterAccess): Promise<CheckResult> {
  const check = "cluster-access";
  try {
    const findings = (await lackingRules(access)).map((rule) => {
      const { verb, resource, name, role, risk } = rule;
      const object = name === undefined ? resource : `${resource} ${name}`;
      const values = { verb, wanted: object, risk, role, ruleToAdd: ruleYaml(rule) };
      return { rule: "cluster-access-lacking", values } as const;
    });
    return { check, findings };
  } catch (error) {
    if (!(error instanceof ClusterError)) {
      throw error;
    }
    return {
      check,
      findings: [{ rule: "cluster-access-unread", values: { reason: error.message } }],
    };
  }
}
