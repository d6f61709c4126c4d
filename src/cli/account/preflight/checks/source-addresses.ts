import ipaddr = require("ipaddr.js");

import type { Networks } from "../../../../iam/networks";
import { inOrder } from "../../aws/operations";
import { check, type PreflightFound, type Tools } from "../check";

/** A public address of the cluster. */
export interface SourceAddress {
  readonly address: string;
  /** "NAT gateway nat-0123456789abcdef0", "dev-master-0". */
  readonly of: string;
  /** DKP itself makes no calls from there; `dhctl` may run there. */
  readonly bastion: boolean;
}

/** An interface endpoint that takes the calls of a service in the VPC of the cluster. */
export interface SourceEndpoint {
  readonly id: string;
  readonly vpc: string;
  readonly service: string;
}

export interface Sources {
  readonly addresses: readonly SourceAddress[];
  readonly endpoints: readonly SourceEndpoint[];
}

/** Services that DKP calls with the key. */
const SERVICES = ["ec2", "elasticloadbalancing", "iam", "sts"];

const sourcesOf = (addresses: readonly SourceAddress[]) => ({
  sources: addresses.map(({ address, of }) => `${address} (${of})`),
  cidrs: addresses.map(({ address }) => `${address}/32`),
});

/** Whether the calls of the cluster come from `user.allowedNetworks`, as far as their sources are known. */
export function checkSources(
  { addresses, endpoints }: Sources,
  networks: Networks | undefined,
  existingCluster: boolean,
): readonly PreflightFound[] {
  if (networks === undefined) {
    const { sources } = sourcesOf(addresses.filter(({ bastion }) => !bastion));
    const services = endpoints.map(({ id, service }) => `${id} (${service})`);
    return [{ rule: "networks-not-set", values: { sources: [...sources, ...services] } }];
  }
  const services = SERVICES.filter((service) => !endpoints.some((endpoint) => endpoint.service === service));
  // Where every service has an endpoint, no call has an address.
  const findings = services.length === 0 ? [] : checkAddresses(addresses, services, networks.cidrs, existingCluster);
  const ofEndpoints = endpoints.map((endpoint): PreflightFound => {
    const isAllowed = networks.vpcs.includes(endpoint.vpc) || networks.vpcEndpoints.includes(endpoint.id);
    return { rule: isAllowed ? "endpoint-allowed" : "endpoint-outside", values: { ...endpoint } };
  });
  return [...findings, ...ofEndpoints];
}

/** @param services those that are called through the internet */
function checkAddresses(
  addresses: readonly SourceAddress[],
  services: readonly string[],
  cidrs: readonly string[],
  existingCluster: boolean,
): readonly PreflightFound[] {
  if (addresses.length === 0) {
    return [{ rule: existingCluster ? "sources-not-found" : "sources-not-yet", values: {} }];
  }
  const inside = addresses.filter(({ address }) => includesAddress(cidrs, address));
  const outside = addresses.filter((address) => !inside.includes(address));
  const callers = outside.filter(({ bastion }) => !bastion);
  const bastions = outside.filter(({ bastion }) => bastion);
  const findings: PreflightFound[] = [];
  if (inside.length > 0) {
    findings.push({ rule: "sources-allowed", values: { sources: sourcesOf(inside).sources } });
  }
  if (callers.length > 0) {
    findings.push({ rule: "source-outside", values: { ...sourcesOf(callers), services } });
  }
  if (bastions.length > 0) {
    findings.push({ rule: "bastion-outside", values: sourcesOf(bastions) });
  }
  return findings;
}

type Calls = "ec2:DescribeAddresses" | "ec2:DescribeInstances" | "ec2:DescribeNatGateways" | "ec2:DescribeVpcEndpoints";

/**
 * The addresses that DKP's calls come from: the NAT gateways that DKP creates in WithNAT and Standard, without a prefix all of the VPC;
 * Elastic IPs by the names that DKP gives them, `<prefix>-natgw` and `<prefix>-bastion`, and those of the cluster's instances,
 * `<prefix>-<node group>-<number>`; and endpoints that take calls without a change of DKP: those with private DNS names.
 * Source: deckhouse/deckhouse, candi/cloud-providers/aws/layouts, base-infrastructure, master-node and static-node.
 */
export const sourceAddressCheck = check({
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
  async run(tools, { deployment: { cluster, user }, existingCluster }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined && existingVPCID === undefined) {
      return [{ rule: "setting-not-set", field: "cluster.prefix", values: { field: "cluster.prefix" } }];
    }
    const { Vpcs = [] } =
      existingVPCID === undefined
        ? await tools.call("ec2:DescribeVpcs", { Filters: [{ Name: "tag:Name", Values: [prefix ?? ""] }] })
        : { Vpcs: [{ VpcId: existingVPCID }] };
    const vpcs = Vpcs.map(({ VpcId = "" }) => VpcId);
    const [gateways, elasticIps, endpoints] = await inOrder([
      natGateways(tools, vpcs, prefix),
      prefix === undefined ? Promise.resolve([]) : elasticIpsOf(tools, prefix),
      interfaceEndpoints(tools, vpcs),
    ]);
    // The Elastic IP of a NAT gateway is in both lists.
    const addresses = new Map([...elasticIps, ...gateways].map((source) => [source.address, source]));
    return checkSources({ addresses: [...addresses.values()], endpoints }, user.allowedNetworks, existingCluster);
  },
});

const ofVpcs = (vpcs: readonly string[]) => ({ Name: "vpc-id", Values: [...vpcs] });

async function natGateways(
  { callAll }: Tools<Calls>,
  vpcs: readonly string[],
  prefix: string | undefined,
): Promise<readonly SourceAddress[]> {
  if (vpcs.length === 0) {
    return [];
  }
  const states = { Name: "state", Values: ["pending", "available"] };
  const pages = await callAll("ec2:DescribeNatGateways", { Filter: [ofVpcs(vpcs), states] });
  return pages
    .flatMap(({ NatGateways = [] }) => NatGateways)
    .filter(({ Tags }) => prefix === undefined || nameIn(Tags) === prefix)
    .flatMap(({ NatGatewayId, NatGatewayAddresses = [] }) =>
      NatGatewayAddresses.flatMap(({ PublicIp }) =>
        PublicIp === undefined ? [] : [{ address: PublicIp, of: `NAT gateway ${NatGatewayId}`, bastion: false }],
      ),
    );
}

/** A cluster of another prefix can have names with the same beginning: `dev-eu-natgw` is not of the prefix `dev`. */
async function elasticIpsOf({ call, callAll }: Tools<Calls>, prefix: string): Promise<readonly SourceAddress[]> {
  const [{ Addresses = [] }, pages] = await inOrder([
    call("ec2:DescribeAddresses", { Filters: [{ Name: "tag:Name", Values: [`${prefix}-*`] }] }),
    callAll("ec2:DescribeInstances", { Filters: [{ Name: "tag-key", Values: [`kubernetes.io/cluster/${prefix}`] }] }),
  ]);
  const instances = pages.flatMap(({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances));
  const own = new Set(instances.map(({ InstanceId }) => InstanceId));
  const bastionName = `${prefix}-bastion`;
  return Addresses.flatMap(({ PublicIp, InstanceId, Tags }) => {
    const name = nameIn(Tags) ?? "";
    const isOwn = [`${prefix}-natgw`, bastionName].includes(name) || (InstanceId !== undefined && own.has(InstanceId));
    return PublicIp !== undefined && isOwn ? [{ address: PublicIp, of: name, bastion: name === bastionName }] : [];
  });
}

/** Endpoints that take calls without a change of DKP: those with private DNS names. */
async function interfaceEndpoints({ callAll }: Tools<Calls>, vpcs: readonly string[]): Promise<readonly SourceEndpoint[]> {
  const pages = vpcs.length === 0 ? [] : await callAll("ec2:DescribeVpcEndpoints", { Filters: [ofVpcs(vpcs)] });
  return pages
    .flatMap(({ VpcEndpoints = [] }) => VpcEndpoints)
    .filter(({ VpcEndpointType, PrivateDnsEnabled }) => VpcEndpointType === "Interface" && PrivateDnsEnabled === true)
    .map(({ VpcEndpointId: id = "", VpcId: vpc = "", ServiceName = "" }) => ({
      id,
      vpc,
      service: ServiceName.slice(ServiceName.lastIndexOf(".") + 1),
    }))
    .filter(({ service }) => SERVICES.includes(service));
}

function nameIn(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): string | undefined {
  return tags.find(({ Key }) => Key === "Name")?.Value;
}

/** Whether one of the CIDR blocks contains an address. */
export function includesAddress(cidrs: readonly string[], text: string): boolean {
  const address = ipaddr.parse(text);
  return cidrs
    .map((cidr) => ipaddr.parseCIDR(cidr))
    .some(([network, length]) => network.kind() === address.kind() && address.match(network, length));
}
