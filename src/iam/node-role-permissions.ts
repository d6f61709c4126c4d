/** What every DKP node asks of AWS: its own name, when it joins. Source: DKP's role `<prefix>-node`, `bootstrap-networks.sh.tpl`. */
export const NODE_ACTIONS: readonly string[] = ["ec2:DescribeTags", "ec2:DescribeInstances"];

/** Who may take the role: machines of EC2, in every partition under this one name. Source: DKP's own role. */
export const NODE_TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
};

/** The inline policy of a node role: DKP's two actions, and more where asked for. */
export function nodePolicy(additionalActions: readonly string[]): object {
  const actions = [...new Set([...NODE_ACTIONS, ...additionalActions])];
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] };
}

/** An action as a policy names it, wildcards included: `s3:GetObject`, `ecr:Get*`. */
export const ACTION = /^[a-z0-9-]+:[A-Za-z0-9*?]+$/;
