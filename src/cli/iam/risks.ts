import { type Cluster, nodeRoleName, otherNodeRoles } from "../../iam/cluster";
import { grantedRows, type PolicyOptions } from "../../iam/policy-statements";

/** Something that a principal with the access key can do and should not do. */
export interface Risk {
  /** A continuation of "a principal with the key can". */
  readonly what: string;
  /** The actions that it requires, all granted. */
  readonly actions: readonly string[];
}

interface RiskRule {
  readonly actions: readonly string[];
  /** The description; undefined if the deployment does not allow it although it grants the actions. */
  readonly what: (options: PolicyOptions, role: (name: string) => string) => string | undefined;
  /** Only for resources of other owners, which mode `strict` protects except for what `strict-exposure.ts` lists. @default false */
  readonly beyondCluster?: true;
}

/** The Regions of the policy, as text. */
const reach = ({ mode, environment }: PolicyOptions) => (mode === "documented" ? "in every Region" : `in ${environment.region}`);

const RULES: readonly RiskRule[] = [
  {
    actions: ["iam:PutRolePolicy", "iam:AddRoleToInstanceProfile", "iam:PassRole", "ec2:RunInstances"],
    what: ({ mode, cluster }, role) =>
      mode === "documented"
        ? "write any permission into any role of the account, launch an instance with that role, and act as an administrator there"
        : `write any permission into the role ${role(roleOf(cluster))}, launch an instance with it, and act as an administrator there`,
  },
  {
    actions: ["iam:CreateRole", "iam:DeleteRole", "iam:PutRolePolicy"],
    what: ({ mode, cluster }, role) =>
      mode === "documented"
        ? "create a role with any permission that an external account can assume: it remains after the key is deleted"
        : `re-create ${role(roleOf(cluster))} with any permission so that an external account can assume it: it remains after the key is deleted`,
  },
  {
    actions: ["iam:PassRole", "ec2:RunInstances"],
    what: ({ mode, cluster }, role) =>
      mode === "documented" || otherNodeRoles(cluster).length === 0
        ? undefined
        : `launch an instance with ${otherNodeRoles(cluster).map(role).join(" or ")} and use all permissions of that role`,
  },
  {
    actions: ["ec2:DetachVolume", "ec2:AttachVolume", "ec2:ModifyInstanceAttribute"],
    beyondCluster: true,
    what: (options) =>
      `replace disks of other instances and user data of stopped instances ${reach(options)}, and so run code there with their roles`,
  },
  {
    actions: ["iam:DeleteRolePolicy", "iam:DeleteRole"],
    what: ({ mode }) => (mode === "documented" ? "delete any role of the account or its inline policies" : undefined),
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
      options.mode === "strict"
        ? "delete the cluster with all of its instances, disks, networks and load balancers"
        : `delete every instance, disk, network and load balancer of the account ${reach(options)}, whether or not it belongs to DKP, even with deletion protection`,
  },
  {
    actions: ["ec2:DeleteSnapshot"],
    beyondCluster: true,
    what: (options) => `delete every snapshot ${reach(options)}, including backups`,
  },
  {
    actions: ["ec2:CreateVolume", "ec2:DetachVolume", "ec2:AttachVolume", "ec2:RunInstances"],
    beyondCluster: true,
    what: (options) =>
      `read the data of other instances ${reach(options)}${exceptEncrypted(options, "it is")}: create disks from snapshots, or detach disks, and attach them to an own instance`,
  },
  {
    actions: ["ec2:CreateSnapshot", "ec2:CreateVolume", "ec2:AttachVolume"],
    beyondCluster: true,
    what: (options) =>
      `copy the disks of running instances ${reach(options)}${exceptEncrypted(options, "they are")}, without a trace on them`,
  },
  {
    actions: ["ec2:DescribeInstanceAttribute"],
    beyondCluster: true,
    what: (options) => `read the user data of every instance ${reach(options)}, which often contains passwords`,
  },
  {
    actions: ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:RegisterTargets"],
    beyondCluster: true,
    what: (options) =>
      `route the traffic of any ${options.mode === "documented" ? "" : "network "}load balancer ${reach(options)} to an own instance, with the certificate of the load balancer`,
  },
  {
    actions: ["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute"],
    beyondCluster: true,
    what: (options) =>
      `open any instance, database or cache in the networks of the account ${reach(options)} to the internet, and redirect traffic`,
  },
  {
    actions: ["ec2:AcceptVpcPeeringConnection"],
    what: ({ mode }) =>
      mode === "documented"
        ? "accept peering of the account's networks in every Region with a network of an external account"
        : undefined,
  },
  {
    actions: ["ec2:CreateTags", "ec2:DeleteTags"],
    beyondCluster: true,
    what: (options) => `change every tag ${reach(options)}, and so bypass rules that depend on tags`,
  },
  {
    actions: ["ec2:RunInstances"],
    what: (options) => `launch instances of any size ${reach(options)} at the cost of the account`,
  },
];

/** Without the feature, EC2 cannot use a KMS key on behalf of the user. */
function exceptEncrypted({ cluster }: PolicyOptions, subject: "it is" | "they are"): string {
  return cluster.features.includes("encrypted-volumes") ? "" : `, unless ${subject} encrypted with a customer managed KMS key`;
}

/**
 * The impact of a leaked key: what the policy of a deployment allows an attacker, most severe first.
 * @param role formats the name of a role. @default as code
 * @param granted the actions that the policy allows. @default those that follow from the options
 */
export function risksOf(
  options: PolicyOptions,
  role = (name: string) => `\`${name}\``,
  granted: ReadonlySet<string> = new Set(grantedRows(options).map(({ action }) => action)),
): readonly Risk[] {
  const rules = RULES.filter(({ beyondCluster }) => options.mode !== "strict" || beyondCluster !== true);
  return rules
    .filter(({ actions }) => actions.every((action) => granted.has(action)))
    .flatMap(({ actions, what }) => {
      const text = what(options, role);
      return text === undefined ? [] : [{ what: text, actions }];
    });
}

/** Name of the node role of DKP; `PREFIX-node` if the settings have no prefix. */
export function roleOf({ prefix }: Cluster): string {
  return nodeRoleName(prefix ?? "PREFIX");
}
