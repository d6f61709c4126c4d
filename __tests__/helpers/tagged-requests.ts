import type { Cluster } from "../../src/iam/cluster";
import type { Environment } from "../../src/iam/policy-statements";
import { requiredRequests } from "./required-requests";
import type { Context, Request } from "./simulator";

/** The marker of the clusters in tests. */
export const MARKER = { key: "dkp-cluster", value: "dev" } as const;

/** A UUID of a cluster. */
export const UUID = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";

/** The VPC of `existingVPCID` and `vpcId`, and the one of other IDs in requests. */
export const VPC = "vpc-0123456789abcdef0";
export const PEER_VPC = "vpc-0123456789abcdef9";

/** A cluster with the marker in addition to its tags. */
export function withMarker(cluster: Cluster): Cluster {
  return { ...cluster, tags: { ...cluster.tags, [MARKER.key]: MARKER.value } };
}

type Tags = Readonly<Record<string, string>>;

const OWN: Tags = { [MARKER.key]: MARKER.value };
const NAMED: Tags = { ...OWN, Name: "dev" };
const CSI: Tags = { "ebs.csi.aws.com/cluster": "true", CSIVolumeName: "pvc-1" };
const CLOUD_CONTROLLER: Tags = { [`kubernetes.io/cluster/${UUID}`]: "owned" };
const BALANCER: Tags = { ...CLOUD_CONTROLLER, "kubernetes.io/service-name": "default/web" };

const onResource = (tags: Tags): Context => prefixed("aws:ResourceTag/", tags);
const inRequest = (tags: Tags): Context => ({ ...prefixed("aws:RequestTag/", tags), "aws:TagKeys": Object.keys(tags) });

/** Tags as condition keys. */
export function prefixed(prefix: string, tags: Tags): Context {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** What is known about the object of a request in addition to its ARN, at the moment of the request. One context per kind of object. */
type Kinds = Readonly<Record<string, readonly Context[]>>;

/** Objects that exist, by type: DKP's Terraform, the machine controller manager, the EBS CSI driver, the cloud controller manager. */
const EXISTING: Kinds = {
  "elastic-ip": [onResource(NAMED)],
  instance: [onResource(NAMED)],
  "internet-gateway": [onResource(NAMED)],
  natgateway: [onResource(NAMED)],
  "route-table": [onResource(NAMED)],
  "security-group": [onResource(OWN)],
  subnet: [onResource(NAMED)],
  volume: [onResource(NAMED), onResource(OWN)],
  "vpc-peering-connection": [onResource(NAMED)],
  "key-pair": [onResource({ ...OWN, Cluster: "dev" })],
  snapshot: [onResource(CSI)],
  "network-interface": [{}],
  loadbalancer: [onResource(BALANCER)],
  // Older versions of the cloud controller manager do not tag listeners.
  listener: [onResource(BALANCER), {}],
  targetgroup: [onResource(BALANCER)],
};

const NEW_OWN = [inRequest(NAMED)];
const tagged = (creations: readonly Context[], actions: readonly string[]): readonly Context[] =>
  creations.flatMap((context) => actions.map((name) => ({ ...context, "ec2:CreateAction": name })));

/** Objects of single actions, by action and type; `*` for all types. */
const OF_ACTION: Readonly<Record<string, Kinds>> = {
  "ec2:AllocateAddress": { "elastic-ip": NEW_OWN },
  "ec2:CreateInternetGateway": { "internet-gateway": NEW_OWN },
  "ec2:CreateNatGateway": { natgateway: NEW_OWN },
  "ec2:CreateRouteTable": { "route-table": NEW_OWN },
  "ec2:CreateSubnet": { subnet: NEW_OWN },
  "ec2:CreateVpc": { vpc: NEW_OWN },
  "ec2:CreateVpcPeeringConnection": { "vpc-peering-connection": NEW_OWN },
  "ec2:CreateSecurityGroup": { "security-group": [inRequest(OWN), inRequest(CLOUD_CONTROLLER)] },
  "ec2:ImportKeyPair": { "key-pair": [inRequest({ ...OWN, Cluster: "dev" })] },
  "ec2:CreateVolume": { volume: [inRequest(NAMED), inRequest(CSI)] },
  "ec2:CreateSnapshot": { volume: [onResource(CSI)], snapshot: [inRequest(CSI)] },
  "ec2:CopyVolumes": { volume: [onResource(CSI), inRequest(CSI)] },
  "ec2:RunInstances": {
    instance: NEW_OWN,
    image: [{}],
    snapshot: [{}],
    "network-interface": [{}],
    volume: [{}],
    "spot-instances-request": [{}],
    "security-group": [onResource(OWN)],
  },
  "ec2:AttachVolume": { volume: [onResource(NAMED), onResource(CSI)] },
  "ec2:DetachVolume": { volume: [onResource(NAMED), onResource(CSI)] },
  "ec2:DeleteVolume": { volume: [onResource(NAMED), onResource(CSI)] },
  "ec2:ModifyVolume": { volume: [onResource(NAMED), onResource(OWN), onResource(CSI)] },
  "ec2:AuthorizeSecurityGroupEgress": { "security-group-rule": [{}] },
  "ec2:AuthorizeSecurityGroupIngress": {
    "security-group": [onResource(OWN), onResource(CLOUD_CONTROLLER)],
    "security-group-rule": [{}],
  },
  "ec2:RevokeSecurityGroupIngress": { "security-group": [onResource(OWN), onResource(CLOUD_CONTROLLER)] },
  "ec2:DeleteSecurityGroup": { "security-group": [onResource(OWN), onResource(CLOUD_CONTROLLER)] },
  // The second one: the association is already gone.
  "ec2:DisassociateAddress": { "elastic-ip": [onResource(NAMED), {}] },
  "ec2:CreateTags": {
    // The second one: the root disk of a node that Terraform launched.
    volume: [
      onResource(NAMED),
      inRequest(OWN),
      onResource(CSI),
      ...tagged([inRequest(NAMED), inRequest(CSI)], ["CreateVolume"]),
      ...tagged([inRequest(OWN)], ["RunInstances"]),
    ],
    snapshot: [onResource(CSI), ...tagged([inRequest(CSI)], ["CreateSnapshot"])],
    "security-group": [
      onResource(OWN),
      onResource(CLOUD_CONTROLLER),
      ...tagged([inRequest(OWN), inRequest(CLOUD_CONTROLLER)], ["CreateSecurityGroup"]),
    ],
    ...Object.fromEntries(
      Object.entries({
        "elastic-ip": "AllocateAddress",
        instance: "RunInstances",
        "internet-gateway": "CreateInternetGateway",
        "key-pair": "ImportKeyPair",
        natgateway: "CreateNatGateway",
        "route-table": "CreateRouteTable",
        subnet: "CreateSubnet",
        "vpc-peering-connection": "CreateVpcPeeringConnection",
      }).map(([type, name]) => [type, [onResource(NAMED), ...tagged(NEW_OWN, [name])]]),
    ),
  },
  "ec2:DeleteTags": { volume: [onResource(OWN), onResource(CSI)] },
  "elasticloadbalancing:CreateLoadBalancer": { loadbalancer: [inRequest(BALANCER)] },
  "elasticloadbalancing:CreateTargetGroup": { targetgroup: [inRequest(BALANCER)] },
  "elasticloadbalancing:AddTags": {
    loadbalancer: [onResource(BALANCER), { ...inRequest(BALANCER), "elasticloadbalancing:CreateAction": "CreateLoadBalancer" }],
    listener: [onResource(BALANCER), { ...inRequest(BALANCER), "elasticloadbalancing:CreateAction": "CreateListener" }],
    targetgroup: [onResource(BALANCER), { ...inRequest(BALANCER), "elasticloadbalancing:CreateAction": "CreateTargetGroup" }],
  },
};

/** What the VPC of a request is: the cluster's own one, an existing one or the peered one. */
function vpcsOf(action: string, own: string, { existingVPCID, peeredVPCs }: Cluster): readonly Request[] {
  const arnOf = (id: string) => own.replace(/vpc-[0-9a-f]+$/, id);
  const peered = peeredVPCs.map((id) => ({ action, resource: arnOf(id), context: {} }));
  if (action === "ec2:AcceptVpcPeeringConnection") {
    return peered;
  }
  const cluster =
    existingVPCID === undefined
      ? { action, resource: own, context: onResource(NAMED) }
      : { action, resource: arnOf(existingVPCID), context: {} };
  return action === "ec2:DescribeVpcAttribute" ? [cluster, ...peered] : [cluster];
}

/** DKP tags a VPC only if it creates it. */
const OWN_VPC_ONLY = ["ec2:CreateTags", "ec2:DeleteTags", "ec2:CreateVpc", "ec2:DeleteVpc", "ec2:ModifyVpcAttribute"];

/**
 * The calls that a cluster requires, as `requiredRequests`, with what AWS knows of their objects at that moment: tags of the object and
 * of the request, and its VPC.
 */
export function taggedRequests(environment: Environment, cluster: Cluster, supplement = true): readonly Request[] {
  return requiredRequests("minimal", supplement, environment, cluster).flatMap((request) =>
    variantsOf(request, environment, cluster),
  );
}

function variantsOf(request: Request, environment: Environment, cluster: Cluster): readonly Request[] {
  const { action, resource, context = {} } = request;
  const [service = ""] = action.split(":");
  const type = (resource.split(":")[5] ?? "").split("/")[0] ?? "";
  if (!["ec2", "elasticloadbalancing"].includes(service) || resource === "*") {
    return [request];
  }
  const { partition, region, account } = environment;
  const inVpc = { "ec2:Vpc": `arn:${partition}:ec2:${region}:${account}:vpc/${VPC}` };
  if (type === "vpc" && action !== "ec2:CreateVpc" && action !== "ec2:CreateTags") {
    const isLost = cluster.existingVPCID !== undefined && OWN_VPC_ONLY.includes(action);
    return isLost ? [] : vpcsOf(action, resource, cluster).map((one) => ({ ...one, context: { ...context, ...one.context } }));
  }
  if (type === "vpc" && cluster.existingVPCID !== undefined) {
    return [];
  }
  const ofVpc: readonly Context[] = [onResource(NAMED), ...tagged(NEW_OWN, ["CreateVpc"])];
  const kinds = OF_ACTION[action]?.[type] ?? (type === "vpc" ? ofVpc : EXISTING[type]);
  if (kinds === undefined) {
    throw new Error(`no tags are known for ${action} on ${type}`);
  }
  const isBastionDisk = action === "ec2:ModifyVolume" && cluster.bastion && cluster.layout === "WithNAT";
  const variants = [...kinds, ...(isBastionDisk ? [{}] : [])].map((kind) => ({
    ...request,
    context: { ...context, ...inVpc, ...kind },
  }));
  const isPeerRoute = type === "route-table" && ["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"].includes(action);
  const peers = isPeerRoute ? cluster.peeredVPCs : [];
  return [
    ...variants.map((one) =>
      type === "listener" ? { ...one, resource: resource.replace("/net/a0123456789abcdef/", `/net/a${"0".repeat(31)}/`) } : one,
    ),
    ...peers.map((id) => ({
      action,
      resource,
      context: { ...context, "ec2:Vpc": `arn:${partition}:ec2:${region}:${account}:vpc/${id}` },
    })),
  ];
}
