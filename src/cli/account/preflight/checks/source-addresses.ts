import ipaddr = require("ipaddr.js");

import type { Networks } from "../../../../iam/networks";
import { inOrder } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, unknown, warning } from "../check";

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

/** What the preflight cannot know. */
const DHCTL = "the address of whoever runs dhctl is not known here";

const named = (addresses: readonly SourceAddress[]) => addresses.map(({ address, of }) => `${address} (${of})`);
const blocks = (addresses: readonly SourceAddress[]) => addresses.map(({ address }) => `${address}/32`).join(", ");

/** Whether the calls of the cluster come from `user.allowedNetworks`, as far as their sources are known. */
export function judgeSources(
  { addresses, endpoints }: Sources,
  networks: Networks | undefined,
  existingCluster: boolean,
): readonly Finding[] {
  if (networks === undefined) {
    const known = [
      ...named(addresses.filter(({ bastion }) => !bastion)),
      ...endpoints.map(({ id, service }) => `${id} (${service})`),
    ];
    const from = known.length === 0 ? "have no known source yet" : `come from ${known.join(", ")}`;
    return [
      skipped(
        `user.allowedNetworks is not set: a leaked key works in every network; the calls of the cluster ${from}`,
        "set user.allowedNetworks to their sources once the cluster exists, and to the address of whoever runs dhctl",
      ),
    ];
  }
  const services = SERVICES.filter((service) => !endpoints.some((endpoint) => endpoint.service === service));
  return [
    // Where every service has an endpoint, no call has an address.
    ...(services.length === 0 ? [] : judgeAddresses(addresses, services, networks.cidrs, existingCluster)),
    ...endpoints.map(({ id, vpc, service }) => {
      const calls = `calls of ${service} in ${vpc} go through the VPC endpoint ${id}`;
      return networks.vpcs.includes(vpc) || networks.vpcEndpoints.includes(id)
        ? ok(`${calls}, which user.allowedNetworks includes`)
        : failed(
            `${calls}, have no public address, and are denied`,
            `add ${id} to user.allowedNetworks.vpcEndpoints, or ${vpc} to user.allowedNetworks.vpcs`,
          );
    }),
  ];
}

/** @param services those that are called through the internet */
function judgeAddresses(
  addresses: readonly SourceAddress[],
  services: readonly string[],
  cidrs: readonly string[],
  existingCluster: boolean,
): readonly Finding[] {
  if (addresses.length === 0) {
    const found = "no NAT gateway and no Elastic IP has a name of the cluster";
    return existingCluster
      ? [unknown(`${found}: the addresses of its calls are not known`, "check cluster.prefix, cluster.layout and region")]
      : [
          warning(
            `${found}: the cluster gets its addresses during bootstrap, and its calls from them would be denied unless user.allowedNetworks already has them`,
            "remove user.allowedNetworks until the cluster exists",
          ),
        ];
  }
  const inside = addresses.filter(({ address }) => includesAddress(cidrs, address));
  const outside = addresses.filter((address) => !inside.includes(address));
  const callers = outside.filter(({ bastion }) => !bastion);
  const bastions = outside.filter(({ bastion }) => bastion);
  const findings: Finding[] = [];
  const text = (some: readonly SourceAddress[]) => named(some).join(", ");
  if (inside.length > 0) {
    findings.push(ok(`user.allowedNetworks includes ${text(inside)}; ${DHCTL}`));
  }
  if (callers.length > 0) {
    const found = `user.allowedNetworks does not include ${text(callers)}: calls of ${services.join(", ")} from there are denied`;
    findings.push(failed(found, `add ${blocks(callers)} to user.allowedNetworks.cidrs`));
  }
  if (bastions.length > 0) {
    const found = `user.allowedNetworks does not include ${text(bastions)}, from which DKP itself makes no calls`;
    findings.push(warning(found, `if dhctl runs there, add ${blocks(bastions)} to user.allowedNetworks.cidrs`));
  }
  return findings;
}

/**
 * The addresses that DKP's calls come from: the NAT gateways that DKP creates in WithNAT and Standard, without a prefix all of the VPC;
 * Elastic IPs by the names that DKP gives them, `<prefix>-natgw`, `<prefix>-bastion`, `<prefix>-<node group>-<number>`; and endpoints
 * that take calls without a change of DKP: those with private DNS names.
 * Source: deckhouse/deckhouse, candi/cloud-providers/aws/layouts, base-infrastructure, master-node and static-node.
 */
export const sourceAddressCheck = check({
  name: "source addresses",
  calls: ["ec2:DescribeVpcs", "ec2:DescribeNatGateways", "ec2:DescribeAddresses", "ec2:DescribeVpcEndpoints"],
  where: "region",
  async run({ call, callAll }, { deployment: { cluster, user }, existingCluster }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined && existingVPCID === undefined) {
      return [skipped("the addresses that the cluster's calls come from are not known", "set cluster.prefix")];
    }
    const withName = (name: string) => ({ Name: "tag:Name", Values: [name] });
    const vpcs =
      existingVPCID === undefined
        ? ((await call("ec2:DescribeVpcs", { Filters: [withName(prefix ?? "")] })).Vpcs ?? []).map(({ VpcId = "" }) => VpcId)
        : [existingVPCID];
    const ofVpcs = { Name: "vpc-id", Values: vpcs };
    const states = { Name: "state", Values: ["pending", "available"] };
    const [gateways, elasticIps, interfaces] = await inOrder([
      vpcs.length === 0 ? Promise.resolve([]) : callAll("ec2:DescribeNatGateways", { Filter: [ofVpcs, states] }),
      prefix === undefined
        ? Promise.resolve({ Addresses: [] })
        : call("ec2:DescribeAddresses", { Filters: [withName(`${prefix}-*`)] }),
      vpcs.length === 0 ? Promise.resolve([]) : callAll("ec2:DescribeVpcEndpoints", { Filters: [ofVpcs] }),
    ]);
    const addresses = new Map<string, SourceAddress>();
    for (const { PublicIp, Tags } of elasticIps.Addresses ?? []) {
      if (PublicIp !== undefined) {
        const of = nameIn(Tags) ?? "";
        addresses.set(PublicIp, { address: PublicIp, of, bastion: of === `${prefix}-bastion` });
      }
    }
    for (const { NatGatewayId = "", NatGatewayAddresses = [], Tags } of gateways.flatMap(({ NatGateways = [] }) => NatGateways)) {
      const isOwn = prefix === undefined || nameIn(Tags) === prefix;
      for (const { PublicIp } of isOwn ? NatGatewayAddresses : []) {
        if (PublicIp !== undefined) {
          addresses.set(PublicIp, { address: PublicIp, of: `NAT gateway ${NatGatewayId}`, bastion: false });
        }
      }
    }
    const endpoints = interfaces
      .flatMap(({ VpcEndpoints = [] }) => VpcEndpoints)
      .filter(({ VpcEndpointType, PrivateDnsEnabled }) => VpcEndpointType === "Interface" && PrivateDnsEnabled === true)
      .map(({ VpcEndpointId: id = "", VpcId: vpc = "", ServiceName = "" }) => ({
        id,
        vpc,
        service: ServiceName.slice(ServiceName.lastIndexOf(".") + 1),
      }))
      .filter(({ service }) => SERVICES.includes(service));
    return judgeSources({ addresses: [...addresses.values()], endpoints }, user.allowedNetworks, existingCluster);
  },
});

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
