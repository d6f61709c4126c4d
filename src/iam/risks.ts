import { type Cluster, nodeRoleName, otherNodeRoles } from "./cluster";
import { grantedRows, type PolicyOptions } from "./policy-statements";

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
  readonly what: (options: PolicyOptions, role: (name: string) => string) => string | undefined;
}

/** Where the policy reaches, in words. */
const reach = ({ mode, place }: PolicyOptions) => (mode === "documented" ? "in every region" : `in ${place.region}`);

const RULES: readonly RiskRule[] = [
  {
    actions: ["iam:PutRolePolicy", "iam:AddRoleToInstanceProfile", "iam:PassRole", "ec2:RunInstances"],
    what: ({ mode, cluster }, role) =>
      mode === "documented"
        ? "give any role of the account any permission, start a machine with that role, and act as an administrator from there"
        : `put any permission on the role ${role(roleOf(cluster))}, start a machine with it, and act as an administrator from there`,
  },
  {
    actions: ["iam:CreateRole", "iam:DeleteRole", "iam:PutRolePolicy"],
    what: ({ mode, cluster }, role) =>
      mode === "documented"
        ? "make a role with any permission that a stranger's account may take: it stays when the key is gone"
        : `make ${role(roleOf(cluster))} anew, with any permission, so that a stranger's account may take it: that stays when the key is gone`,
  },
  {
    actions: ["iam:PassRole", "ec2:RunInstances"],
    what: ({ mode, cluster }, role) =>
      mode === "documented" || otherNodeRoles(cluster).length === 0
        ? undefined
        : `start a machine with ${otherNodeRoles(cluster).map(role).join(" or ")} and do from there whatever that role may`,
  },
  {
    actions: ["ec2:DetachVolume", "ec2:AttachVolume", "ec2:ModifyInstanceAttribute"],
    what: (options) =>
      `change the disks of other machines ${reach(options)}, and the user data of stopped ones, and so run code there with the roles that they have`,
  },
  {
    actions: ["iam:DeleteRolePolicy", "iam:DeleteRole"],
    what: ({ mode }) => (mode === "documented" ? "strip any role of the account of its policies, or delete it" : undefined),
  },
  {
    actions: [
      "ec2:ModifyInstanceAttribute",
      "ec2:TerminateInstances",
      "ec2:DeleteVolume",
      "ec2:DeleteSecurityGroup",
      "elasticloadbalancing:DeleteLoadBalancer",
    ],
    what: (options) =>
      `delete every machine, disk, network and load balancer of the account ${reach(options)}, whether DKP made it or not, also where deletion protection is on`,
  },
  { actions: ["ec2:DeleteSnapshot"], what: (options) => `delete every snapshot ${reach(options)}, backups included` },
  {
    actions: ["ec2:CreateVolume", "ec2:DetachVolume", "ec2:AttachVolume", "ec2:RunInstances"],
    what: (options) =>
      `read other machines' data ${reach(options)}${exceptEncrypted(options)}: make disks of snapshots, or detach disks, and attach them to a machine of one's own`,
  },
  {
    actions: ["ec2:CreateSnapshot", "ec2:CreateVolume", "ec2:AttachVolume"],
    what: (options) =>
      `copy the disks of running machines ${reach(options)}${exceptEncrypted(options)}, which nobody there notices`,
  },
  {
    actions: ["ec2:DescribeInstanceAttribute"],
    what: (options) => `read the user data of every machine ${reach(options)}, where passwords often are`,
  },
  {
    actions: ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:RegisterTargets"],
    what: (options) =>
      `send the traffic of any load balancer ${reach(options)} to a machine of one's own, behind the load balancer's certificate`,
  },
  {
    actions: ["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute"],
    what: (options) =>
      `open any machine, database or cache in the account's networks ${reach(options)} to the internet, and send traffic elsewhere`,
  },
  {
    actions: ["ec2:AcceptVpcPeeringConnection"],
    what: (options) => `join the account's networks ${reach(options)} with the network of a stranger who asks for it`,
  },
  {
    actions: ["ec2:CreateTags", "ec2:DeleteTags"],
    what: (options) => `change every tag ${reach(options)}, and so get round rules that go by tags`,
  },
  {
    actions: ["ec2:RunInstances"],
    what: (options) => `start machines of any size ${reach(options)} at the account's expense`,
  },
];

/** Without the feature the key can't have EC2 use a KMS key. */
function exceptEncrypted({ cluster }: PolicyOptions): string {
  return cluster.features.includes("encrypted-volumes") ? "" : " that no KMS key of the account's own encrypts";
}

/**
 * What the policy of a deployment allows to whoever has stolen the key, the worst first.
 * @param role how the text shows the name of a role, as code by default
 */
export function risksOf(options: PolicyOptions, role = (name: string) => `\`${name}\``): readonly Risk[] {
  const granted = new Set(grantedRows(options).map(({ action }) => action));
  return RULES.filter(({ actions }) => actions.every((action) => granted.has(action))).flatMap(({ actions, what }) => {
    const words = what(options, role);
    return words === undefined ? [] : [{ what: words, actions }];
  });
}

/** Name of the node role that DKP makes, or what stands for it where the settings do not say the prefix. */
export function roleOf({ prefix }: Cluster): string {
  return nodeRoleName(prefix ?? "PREFIX");
}
