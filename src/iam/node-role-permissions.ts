import { matchesAction } from "./action-patterns";
import awsActions from "./aws-actions.json";
import { policyWith } from "./policy-document";

/** Actions of every DKP node: it reads its own name when it joins. Source: DKP's role `<prefix>-node`, `bootstrap-networks.sh.tpl`. */
export const NODE_ACTIONS: readonly string[] = ["ec2:DescribeTags", "ec2:DescribeInstances"];

/** Trust policy of a node role: EC2, with this name in every partition. Source: DKP's own role. */
export const NODE_TRUST = policyWith([
  { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } },
]);

/** The inline policy of a node role: DKP's two actions and the additional ones. */
export function nodePolicy(additionalActions: readonly string[]): object {
  const actions = [...new Set([...NODE_ACTIONS, ...additionalActions])];
  return policyWith([{ Effect: "Allow", Action: actions, Resource: "*" }]);
}

/** An action in a policy, with wildcards: `s3:GetObject`, `ecr:Get*`. */
export const ACTION = /^[a-z0-9-]+:[A-Za-z0-9*?]+$/;

/**
 * What an action was possibly meant to be, if no action of AWS matches it; undefined if one does, or if the actions of its service
 * are not known here. IAM accepts actions that do not exist. Source: Service Authorization Reference.
 */
export function meantActions(action: string): readonly string[] | undefined {
  const [service = "", name = ""] = action.split(":");
  const services = new Map<string, readonly string[]>(Object.entries(awsActions));
  const actions = services.get(service);
  if (actions === undefined) {
    return [...services.keys()].map((known) => `${known}:${name}`);
  }
  const isKnown = actions.length === 0 || actions.some((known) => matchesAction(name.toLowerCase(), known.toLowerCase()));
  return isKnown ? undefined : actions.map((known) => `${service}:${known}`);
}
