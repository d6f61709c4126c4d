import { ACCOUNT_ID, iamResourceArn } from "../../../../src/iam/arns";
import { CATALOGUE } from "../../../../src/iam/catalogue";
import { otherNodeRoles } from "../../../../src/iam/cluster";
import { NODE_ACTIONS } from "../../../../src/iam/node-role-permissions";
import { type PolicyWith, policyWith } from "../../../../src/iam/policy-document";
import type { PolicyOptions } from "../../../../src/iam/policy-statements";
import { roleOf } from "./risks";

interface ControlPolicyOptions extends PolicyOptions {
  /** Path and name of the user: `/deckhouse`. */
  readonly user: string;
  /** Actions of DKP's `additionalRolePolicies`. */
  readonly additionalRolePolicies: readonly string[];
}

/**
 * The service control policy against privilege escalation with the access key: `<prefix>-node` can
 * only call the actions of a node, whatever policies it has. In mode `documented`, the user can
 * only write and pass the node role. A service control policy has no effect in the management
 * account.
 */
export function controlPolicy(
  options: ControlPolicyOptions,
): PolicyWith<readonly { readonly Sid: string }[]> {
  const { environment, cluster, mode, user, additionalRolePolicies } = options;
  const { partition, account = ACCOUNT_ID } = environment;
  const iam = (resource: string) => iamResourceArn({ partition, account }, resource);
  const deny = (Sid: string, principal: string, scope: object) => ({
    Sid,
    Effect: "Deny",
    ...scope,
    Condition: { ArnEquals: { "aws:PrincipalArn": iam(principal) } },
  });
  const nodeRole = `role/${roleOf(cluster)}`;
  const actions = [...new Set([...NODE_ACTIONS, ...additionalRolePolicies])].sort();
  const ofNodes = deny("NodeRoleStaysNodeRole", nodeRole, { NotAction: actions, Resource: "*" });
  if (mode !== "documented") {
    return policyWith([ofNodes]);
  }
  const written = [nodeRole, `instance-profile/${roleOf(cluster)}`].map(iam);
  const passed = [
    nodeRole,
    ...otherNodeRoles(cluster).map((pathAndName) => `role${pathAndName}`),
  ].map(iam);
  return policyWith([
    ofNodes,
    deny("KeyWritesOnlyNodeRole", `user${user}`, { Action: ROLE_WRITES, NotResource: written }),
    deny("KeyPassesOnlyNodeRoles", `user${user}`, {
      Action: ["iam:PassRole"],
      NotResource: passed,
    }),
  ]);
}

/**
 * All characters of a service control policy count, white space as well. 5,120 until 15 May 2026,
 * in the isolated partitions perhaps still. Source: docs/reference/facts.yaml, scp-size.
 */
export const MAX_CONTROL_POLICY_CHARACTERS = 10_240;

/**
 * Actions that change roles and instance profiles. Only the service itself can use a service-linked
 * role.
 */
const ROLE_WRITES = CATALOGUE.filter(
  ({ action, access }) =>
    action.startsWith("iam:") &&
    !["List", "Read"].includes(access) &&
    !["iam:PassRole", "iam:CreateServiceLinkedRole"].includes(action),
).map(({ action }) => action);
