import * as ipaddr from "ipaddr.js";

import type { Networks } from "../../../../iam/networks";
import { type Check, type PreflightFound, settingNotSet, type Tools, when } from "../check";
import { clusterTag, instancesIn, instancesWith, nameIn } from "./cluster-objects";

/** A public address of the cluster, such as that of `NAT gateway nat-0123456789abcdef0`. DKP makes no calls from a bastion; `dhctl` may. */
interface SourceAddress {
  readonly address: string;
  readonly of: string;
  readonly bastion?: boolean;
}

/** An interface endpoint that takes the calls of a service in the VPC of the cluster. */
interface SourceEndpoint {
  readonly id: string;
  readonly vpc: string;
  readonly service: string;
}

/** Services that DKP calls with the key. */
const SERVICES = ["ec2", "elasticloadbalancing", "iam", "sts"];

/**
 * Whether the calls of the cluster come from `user.allowedNetworks`, as far as their sources are known: the NAT gateways that DKP
 * creates in WithNAT and Standard, without a prefix all of the VPC; Elastic IPs by the names that DKP gives them, `<prefix>-natgw` and
 * `<prefix>-bastion`, and those of the cluster's instances, `<prefix>-<node group>-<number>`; and interface endpoints.
 * Source: deckhouse/deckhouse, candi/cloud-providers/aws/layouts, base-infrastructure, master-node and static-node.
 */
export const sourceAddressCheck: Check = {
  id: "source-addresses",
  field: "user.allowedNetworks",
  calls: [
    "ec2:DescribeVpcs",
    "ec2:DescribeNatGateways",
    "ec2:DescribeAddresses",
    "ec2:DescribeInstances",
    "ec2:DescribeVpcEndpoints",
  ],
  where: "region",
  async run({ list }, { deployment: { cluster, user }, existingCluster }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined && existingVPCID === undefined) {
      return [settingNotSet("cluster.prefix")];
    }
    const named = { Filters: [{ Name: "tag:Name", Values: [prefix ?? ""] }] };
    const ownVpcs = existingVPCID === undefined ? await list("ec2:DescribeVpcs", named, ({ Vpcs }) => Vpcs) : [];
    const vpcs = [...ownVpcs.map(({ VpcId = "" }) => VpcId), existingVPCID ?? []].flat();
    // The Elastic IP of a NAT gateway is in both lists.
    const sources = [...(await elasticIps(list, prefix)), ...(await natGateways(list, vpcs, prefix))];
    const addresses = [...new Map(sources.map((source) => [source.address, source])).values()];
    const endpoints = await interfaceEndpoints(list, vpcs);
    return user.allowedNetworks === undefined
      ? [networksNotSet(addresses, endpoints)]
      : sourceFindings({ addresses, endpoints, networks: user.allowedNetworks, existingCluster });
  },
};

const addressLists = (addresses: readonly SourceAddress[]) => ({
  sources: addresses.map(({ address, of }) => `${address} (${of})`),
  cidrs: addresses.map(({ address }) => `${address}/32`),
});

function networksNotSet(addresses: readonly SourceAddress[], endpoints: readonly SourceEndpoint[]): PreflightFound {
  const { sources } = addressLists(addresses.filter(({ bastion }) => bastion !== true));
  return {
    rule: "networks-not-set",
    values: { sources: [...sources, ...endpoints.map(({ id, service }) => `${id} (${service})`)] },
  };
}

interface Sources {
  readonly addresses: readonly SourceAddress[];
  readonly endpoints: readonly SourceEndpoint[];
  readonly networks: Networks;
  readonly existingCluster: boolean;
}

function sourceFindings({ addresses, endpoints, networks, existingCluster }: Sources): readonly PreflightFound[] {
  const services = SERVICES.filter((service) => !endpoints.some((endpoint) => endpoint.service === service));
  // Where every service has an endpoint, no call has an address.
  const sources = services.length === 0 ? [] : addresses;
  const outside = sources.filter(({ address }) => !includesAddress(networks.cidrs, address));
  const callers = outside.filter(({ bastion }) => bastion !== true);
  const bastions = outside.filter(({ bastion }) => bastion);
  const isAllowed = ({ vpc, id }: SourceEndpoint) => networks.vpcs.includes(vpc) || networks.vpcEndpoints.includes(id);
  return [
    ...when(services.length > 0 && addresses.length === 0, {
      rule: existingCluster ? "sources-not-found" : "sources-not-yet",
      values: {},
    }),
    ...when(callers.length > 0, { rule: "source-outside", values: { ...addressLists(callers), services } }),
    ...when(bastions.length > 0, { rule: "bastion-outside", values: addressLists(bastions) }),
    ...endpoints.flatMap((endpoint) => when(!isAllowed(endpoint), { rule: "endpoint-outside", values: { ...endpoint } })),
  ];
}

const ofVpcs = (vpcs: readonly string[]) => ({ Name: "vpc-id", Values: [...vpcs] });

async function natGateways(list: Tools["list"], vpcs: readonly string[], prefix?: string): Promise<readonly SourceAddress[]> {
  if (vpcs.length === 0) {
    return [];
  }
  const Filter = [ofVpcs(vpcs), { Name: "state", Values: ["pending", "available"] }];
  const gateways = await list("ec2:DescribeNatGateways", { Filter }, ({ NatGateways }) => NatGateways);
  return gateways
    .filter(({ Tags }) => prefix === undefined || nameIn(Tags) === prefix)
    .flatMap(({ NatGatewayId, NatGatewayAddresses = [] }) =>
      NatGatewayAddresses.flatMap(({ PublicIp }) => (PublicIp ? [{ address: PublicIp, of: `NAT gateway ${NatGatewayId}` }] : [])),
    );
}

/** A cluster of another prefix can have names with the same beginning: `dev-eu-natgw` is not of the prefix `dev`. */
async function elasticIps(list: Tools["list"], prefix: string | undefined): Promise<readonly SourceAddress[]> {
  if (prefix === undefined) {
    return [];
  }
  const named = { Filters: [{ Name: "tag:Name", Values: [`${prefix}-*`] }] };
  const addresses = await list("ec2:DescribeAddresses", named, ({ Addresses }) => Addresses);
  const instances = await list("ec2:DescribeInstances", instancesWith("tag-key", clusterTag(prefix)), instancesIn);
  return addresses.flatMap(({ PublicIp, InstanceId, Tags }) => {
    const name = nameIn(Tags) ?? "";
    const bastion = name === `${prefix}-bastion`;
    const isInstance = instances.some((instance) => instance.InstanceId !== undefined && instance.InstanceId === InstanceId);
    const isOwn = bastion || name === `${prefix}-natgw` || isInstance;
    return PublicIp !== undefined && isOwn ? [{ address: PublicIp, of: name, bastion }] : [];
  });
}

/** Endpoints that take calls without a change of DKP: those with private DNS names. */
async function interfaceEndpoints(list: Tools["list"], vpcs: readonly string[]): Promise<readonly SourceEndpoint[]> {
  if (vpcs.length === 0) {
    return [];
  }
  const all = await list("ec2:DescribeVpcEndpoints", { Filters: [ofVpcs(vpcs)] }, ({ VpcEndpoints }) => VpcEndpoints);
  return all
    .filter(({ VpcEndpointType, PrivateDnsEnabled }) => VpcEndpointType === "Interface" && PrivateDnsEnabled === true)
    .map(({ VpcEndpointId: id = "", VpcId: vpc = "", ServiceName = "" }) => ({
      id,
      vpc,
      service: ServiceName.split(".").at(-1) ?? "",
    }))
    .filter(({ service }) => SERVICES.includes(service));
}

/** Whether one of the CIDR blocks contains an address. */
function includesAddress(cidrs: readonly string[], text: string): boolean {
  const address = ipaddr.parse(text);
  return cidrs
    .map((cidr) => ipaddr.parseCIDR(cidr))
    .some(([network, length]) => network.kind() === address.kind() && address.match(network, length));
}
