import { type PolicyWith, policyWith } from "./policy-document";

/**
 * Actions of every DKP node: it reads its own name when it joins. Source: DKP's role
 * `<prefix>-node`, `bootstrap-networks.sh.tpl`.
 */
export const NODE_ACTIONS: readonly string[] = ["ec2:DescribeTags", "ec2:DescribeInstances"];

/** Trust policy of a node role: EC2, with this name in every partition. Source: DKP's own role. */
export const NODE_TRUST: PolicyWith<readonly object[]> = policyWith([
  { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } },
]);

/** The inline policy of a node role: DKP's two actions and the additional ones. */
export function nodePolicy(additionalActions: readonly string[]): object {
  const actions = [...new Set([...NODE_ACTIONS, ...additionalActions])];
  return policyWith([{ Effect: "Allow", Action: actions, Resource: "*" }]);
}

/** An action in a policy, with wildcards: `s3:GetObject`, `ecr:Get*`. */
export const ACTION: RegExp = /^[a-z0-9-]+:[A-Za-z0-9*?]+$/;
