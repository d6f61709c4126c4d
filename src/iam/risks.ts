import { type Cluster, nodeRoleName, otherNodeRoles } from "./cluster";
import { grantedRows, type Mode, type PolicyOptions } from "./policy";

/** Something that whoever holds the key can do and should not. */
export interface Risk {
  /** In words that continue "whoever holds the key can". */
  readonly what: string;
  /** The actions it takes, all of them granted. */
  readonly actions: readonly string[];
}

interface RiskRule {
  readonly actions: readonly string[];
  /** In words, undefined where the deployment does not allow it although the actions are granted. */
  readonly what: (options: PolicyOptions) => string | undefined;
}

const inModes =
  (modes: readonly Mode[], what: RiskRule["what"]): RiskRule["what"] =>
  (options) =>
    modes.includes(options.mode) ? what(options) : undefined;

const TIGHT: readonly Mode[] = ["scoped", "minimal"];

/** Where the policy reaches, in words. */
const reach = ({ mode, place }: PolicyOptions) => (mode === "documented" ? "in every region" : `in ${place.region}`);

const RULES: readonly RiskRule[] = [
  {
    actions: ["iam:PutRolePolicy", "iam:AddRoleToInstanceProfile", "iam:PassRole", "ec2:RunInstances"],
    what: inModes(
      ["documented"],
      () => "give any role of the account any permission, start a machine with that role, and act as an administrator from there",
    ),
  },
  {
    actions: ["iam:PutRolePolicy", "iam:PassRole", "ec2:RunInstances"],
    what: inModes(
      TIGHT,
      ({ cluster }) =>
        `put any permission on the role \`${roleOf(cluster)}\`, start a machine with it, and act as an administrator from there`,
    ),
  },
  {
    actions: ["iam:PassRole", "ec2:RunInstances"],
    what: inModes(TIGHT, ({ cluster }) =>
      otherNodeRoles(cluster).length === 0
        ? undefined
        : `start a machine with ${otherNodeRoles(cluster)
            .map((role) => `\`${role}\``)
            .join(" or ")} and do from there whatever that role may`,
    ),
  },
  {
    actions: ["iam:DeleteRolePolicy", "iam:DeleteRole"],
    what: inModes(["documented"], () => "strip any role of the account of its policies, or delete it"),
  },
  {
    actions: ["ec2:TerminateInstances", "ec2:DeleteVolume", "elasticloadbalancing:DeleteLoadBalancer", "ec2:DeleteSecurityGroup"],
    what: (options) =>
      `delete every machine, disk, load balancer and security group of the account ${reach(options)}, whether DKP made it or not`,
  },
  {
    actions: ["ec2:CreateVolume", "ec2:DetachVolume", "ec2:AttachVolume", "ec2:RunInstances"],
    what: (options) =>
      `read other machines' data ${reach(options)}: make disks of snapshots, or detach disks, and attach them to a machine of one's own`,
  },
  {
    actions: ["ec2:DescribeInstanceAttribute"],
    what: (options) => `read the user data of every machine ${reach(options)}, where passwords often are`,
  },
  {
    actions: ["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute"],
    what: (options) => `open any machine ${reach(options)} to the internet, and send its traffic elsewhere`,
  },
  {
    actions: ["ec2:AcceptVpcPeeringConnection"],
    what: (options) => `join the account's networks ${reach(options)} with the network of a stranger who asks for it`,
  },
  {
    actions: ["ec2:RunInstances"],
    what: (options) => `start machines of any size ${reach(options)} at the account's expense`,
  },
];

/** What the policy of a deployment allows to whoever has stolen the key, the worst first. */
export function risksOf(options: PolicyOptions): readonly Risk[] {
  const granted = new Set(grantedRows(options).map(({ action }) => action));
  return RULES.filter(({ actions }) => actions.every((action) => granted.has(action))).flatMap(({ actions, what }) => {
    const words = what(options);
    return words === undefined ? [] : [{ what: words, actions }];
  });
}

/** Name of the node role that DKP makes, or what stands for it where the settings do not say the prefix. */
export function roleOf({ prefix }: Cluster): string {
  return nodeRoleName(prefix ?? "PREFIX");
}
