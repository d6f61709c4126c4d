import { BlockList, isIP } from "node:net";
import type { Networks } from "../../../../iam/networks";
import type { Deployment } from "../../../../settings/deployment";
import { inOrder, type Output } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, type Tools, unknown, warning } from "../check";

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

/** Whether the calls of the cluster come from `user.allowedNetworks`, as far as their sources are known. */
export function judgeSources(sources: Sources, networks: Networks | undefined, existingCluster: boolean): readonly Finding[] {
  if (networks === undefined) {
    return [suggestion(sources)];
  }
  const services = SERVICES.filter((service) => !sources.endpoints.some((endpoint) => endpoint.service === service));
  return [
    // Where every service has an endpoint, no call has an address.
    ...(services.length === 0 ? [] : judgeAddresses(sources.addresses, services, networks, existingCluster)),
    ...judgeEndpoints(sources.endpoints, networks),
  ];
}

/** Services that DKP calls with the key. */
const SERVICES = ["ec2", "elasticloadbalancing", "iam", "sts"];

/** What the preflight cannot know. */
const DHCTL = "the address of whoever runs dhctl is not known here";

const named = (addresses: readonly SourceAddress[]) => addresses.map(({ address, of }) => `${address} (${of})`).join(", ");
const blocks = (addresses: readonly SourceAddress[]) => addresses.map(({ address }) => `${address}/32`).join(", ");

function suggestion({ addresses, endpoints }: Sources): Finding {
  const callers = addresses.filter(({ bastion }) => !bastion);
  const ids = [...new Set(endpoints.map(({ id }) => id))];
  const known = [...(callers.length === 0 ? [] : [named(callers)]), ...endpoints.map(({ id, service }) => `${id} (${service})`)];
  const unset = "user.allowedNetworks is not set: a leaked key works in every network";
  if (known.length === 0) {
    return skipped(`${unset}; the cluster has no addresses yet`, "set user.allowedNetworks once the cluster exists");
  }
  const fields = [
    ...(callers.length === 0 ? [] : [`cidrs: [${blocks(callers)}]`]),
    ...(ids.length === 0 ? [] : [`vpcEndpoints: [${ids.join(", ")}]`]),
  ];
  return skipped(
    `${unset}; the calls of the cluster come from ${known.join(", ")}; ${DHCTL}`,
    `set user.allowedNetworks: { ${fields.join(", ")} }, with the address of whoever runs dhctl`,
  );
}

/** @param services those that are called through the internet */
function judgeAddresses(
  addresses: readonly SourceAddress[],
  services: readonly string[],
  { cidrs }: Networks,
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
  const outside = addresses.filter(({ address }) => !includesAddress(cidrs, address));
  const inside = addresses.filter((address) => !outside.includes(address));
  const [callers, bastions] = [outside.filter(({ bastion }) => !bastion), outside.filter(({ bastion }) => bastion)];
  return [
    ...(inside.length === 0 ? [] : [ok(`user.allowedNetworks includes ${named(inside)}; ${DHCTL}`)]),
    ...(callers.length === 0
      ? []
      : [
          failed(
            `user.allowedNetworks does not include ${named(callers)}: calls of ${services.join(", ")} from there are denied`,
            `add ${blocks(callers)} to user.allowedNetworks.cidrs`,
          ),
        ]),
    ...(bastions.length === 0
      ? []
      : [
          warning(
            `user.allowedNetworks does not include ${named(bastions)}, from which DKP itself makes no calls`,
            `if dhctl runs there, add ${blocks(bastions)} to user.allowedNetworks.cidrs`,
          ),
        ]),
  ];
}

function judgeEndpoints(endpoints: readonly SourceEndpoint[], { vpcs, vpcEndpoints }: Networks): readonly Finding[] {
  return endpoints.map(({ id, vpc, service }) => {
    const calls = `calls of ${service} in ${vpc} go through the VPC endpoint ${id}`;
    return vpcs.includes(vpc) || vpcEndpoints.includes(id)
      ? ok(`${calls}, which user.allowedNetworks includes`)
      : failed(
          `${calls}, have no public address, and are denied`,
          `add ${id} to user.allowedNetworks.vpcEndpoints, or ${vpc} to user.allowedNetworks.vpcs`,
        );
  });
}

type Calls = "ec2:DescribeVpcs" | "ec2:DescribeNatGateways" | "ec2:DescribeAddresses" | "ec2:DescribeVpcEndpoints";

/** The addresses that DKP's calls come from. */
export const sourceAddressCheck = check({
  name: "source addresses",
  calls: ["ec2:DescribeVpcs", "ec2:DescribeNatGateways", "ec2:DescribeAddresses", "ec2:DescribeVpcEndpoints"],
  where: "region",
  async run(tools, { deployment, existingCluster }) {
    const { prefix, existingVPCID } = deployment.cluster;
    if (prefix === undefined && existingVPCID === undefined) {
      return [skipped("the addresses that the cluster's calls come from are not known", "set cluster.prefix")];
    }
    const vpcs = await vpcsOf(tools, deployment);
    const [gateways, elastic, endpoints] = await inOrder([
      natGateways(tools, vpcs, prefix),
      elasticIps(tools, deployment),
      interfaceEndpoints(tools, vpcs),
    ]);
    const addresses = new Map([...elastic, ...gateways].map((source) => [source.address, source]));
    return judgeSources({ addresses: [...addresses.values()], endpoints }, deployment.user.allowedNetworks, existingCluster);
  },
});

/** IDs of the VPC of the cluster, which DKP names after the prefix unless it exists already. */
async function vpcsOf(
  { call }: Tools<Calls>,
  { cluster: { prefix = "", existingVPCID } }: Deployment,
): Promise<readonly string[]> {
  if (existingVPCID !== undefined) {
    return [existingVPCID];
  }
  const { Vpcs = [] } = await call("ec2:DescribeVpcs", { Filters: [{ Name: "tag:Name", Values: [prefix] }] });
  return Vpcs.map(({ VpcId = "" }) => VpcId);
}

type NatGateways = NonNullable<Output<"ec2:DescribeNatGateways">["NatGateways"]>;

/** The NAT gateways that DKP creates in WithNAT and Standard; without a prefix all of the VPC. */
async function natGateways(
  { call }: Tools<Calls>,
  vpcs: readonly string[],
  prefix: string | undefined,
): Promise<readonly SourceAddress[]> {
  if (vpcs.length === 0) {
    return [];
  }
  const Filter = [
    { Name: "vpc-id", Values: [...vpcs] },
    { Name: "state", Values: ["pending", "available"] },
  ];
  const { NatGateways = [] } = await call("ec2:DescribeNatGateways", { Filter });
  const isOwn = ({ Tags = [] }: NatGateways[number]) =>
    prefix === undefined || Tags.some(({ Key, Value }) => Key === "Name" && Value === prefix);
  return NatGateways.filter(isOwn).flatMap(({ NatGatewayId = "", NatGatewayAddresses = [] }) =>
    NatGatewayAddresses.flatMap(({ PublicIp }) =>
      PublicIp === undefined ? [] : [{ address: PublicIp, of: `NAT gateway ${NatGatewayId}`, bastion: false }],
    ),
  );
}

/**
 * Elastic IPs by the names that DKP gives them: `<prefix>-natgw`, `<prefix>-bastion`, `<prefix>-<node group>-<number>`. Source: deckhouse/deckhouse, candi/cloud-providers/aws/layouts, base-infrastructure,
 * master-node and static-node.
 */
async function elasticIps({ call }: Tools<Calls>, { cluster: { prefix } }: Deployment): Promise<readonly SourceAddress[]> {
  if (prefix === undefined) {
    return [];
  }
  const bastionName = `${prefix}-bastion`;
  const own = { Name: "tag:Name", Values: [`${prefix}-*`] };
  const { Addresses = [] } = await call("ec2:DescribeAddresses", { Filters: [own] });
  return Addresses.flatMap(({ PublicIp, Tags = [] }) => {
    const name = Tags.find(({ Key }) => Key === "Name")?.Value ?? "";
    return PublicIp === undefined ? [] : [{ address: PublicIp, of: name, bastion: name === bastionName }];
  });
}

/** Endpoints that take calls without a change of DKP: those with private DNS names. */
async function interfaceEndpoints({ call }: Tools<Calls>, vpcs: readonly string[]): Promise<readonly SourceEndpoint[]> {
  if (vpcs.length === 0) {
    return [];
  }
  const { VpcEndpoints = [] } = await call("ec2:DescribeVpcEndpoints", { Filters: [{ Name: "vpc-id", Values: [...vpcs] }] });
  return VpcEndpoints.flatMap(
    ({ VpcEndpointId: id = "", VpcId: vpc = "", ServiceName = "", VpcEndpointType, PrivateDnsEnabled }) => {
      const service = ServiceName.slice(ServiceName.lastIndexOf(".") + 1);
      return VpcEndpointType === "Interface" && PrivateDnsEnabled === true && SERVICES.includes(service)
        ? [{ id, vpc, service }]
        : [];
    },
  );
}

/** Whether one of the CIDR blocks contains an address. */
export function includesAddress(cidrs: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", length] = cidr.split("/");
    list.addSubnet(network, Number(length), familyOf(network));
  }
  return list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
