import type { Networks } from "../../../../iam/networks";
import { isInBlocks } from "../../../iam/addresses";
import {
  type Check,
  filteredBy,
  type PreflightFound,
  type Subject,
  settingNotSet,
  when,
} from "../check";

/** An Elastic IP of the cluster, from which DKP makes calls; it makes none from a bastion. */
interface SourceAddress {
  readonly address: string;
  readonly name: string;
}

/** It takes the calls of a service in the VPC of the cluster. */
interface SourceEndpoint {
  readonly id: string;
  readonly vpc: string;
  readonly service: string;
}

const SERVICES = ["ec2", "elasticloadbalancing", "iam", "sts"];

/**
 * Whether the calls of the cluster come from `user.allowedNetworks`, as far as their sources are
 * known: interface endpoints, and Elastic IPs by the names that DKP gives them: `<prefix>-natgw`
 * (NAT gateway) and `<prefix>-<node group>-<number>` (instance). Source: deckhouse/deckhouse,
 * candi/cloud-providers/aws/layouts, base-infrastructure, master-node and static-node.
 */
export const sourceAddressCheck: Check = {
  id: "source-addresses",
  field: "user.allowedNetworks",
  async run({ list, deployment: { cluster, user } }) {
    const { prefix, existingVPCID } = cluster;
    if (prefix === undefined) {
      return [settingNotSet("cluster.prefix")];
    }
    const named = filteredBy("tag:Name", prefix);
    const own = await list("ec2:DescribeVpcs", named, ({ Vpcs }) =>
      Vpcs?.map(({ VpcId = "" }) => VpcId),
    );
    const addresses = await elasticIps(list, prefix);
    const endpoints = await interfaceEndpoints(
      list,
      existingVPCID === undefined ? own : [existingVPCID],
    );
    if (user.allowedNetworks !== undefined) {
      // If every service has an endpoint, no call has an address.
      const isByEndpoints = SERVICES.every((service) =>
        endpoints.some((endpoint) => endpoint.service === service),
      );
      const findings = outsideFindings(
        isByEndpoints ? [] : addresses,
        endpoints,
        user.allowedNetworks,
      );
      return [
        ...when(addresses.length === 0 && !isByEndpoints, {
          rule: "sources-not-found",
          values: {},
        }),
        ...findings,
      ];
    }
    const sources = [
      ...valuesOf(addresses).sources,
      ...endpoints.map(({ id, service }) => `${id} (${service})`),
    ];
    return [{ rule: "networks-not-set", values: { sources } }];
  },
};

const valuesOf = (addresses: readonly SourceAddress[]) => ({
  sources: addresses.map(({ address, name }) => `${address} (${name})`),
  cidrs: addresses.map(({ address }) => `${address}/32`),
});

function outsideFindings(
  addresses: readonly SourceAddress[],
  endpoints: readonly SourceEndpoint[],
  { cidrs, vpcs, vpcEndpoints }: Networks,
): readonly PreflightFound[] {
  const outside = addresses.filter(({ address }) => !isInBlocks(address, cidrs));
  const denied = endpoints.filter(
    ({ vpc, id }) => !vpcs.includes(vpc) && !vpcEndpoints.includes(id),
  );
  return [
    ...when(outside.length > 0, { rule: "source-outside", values: valuesOf(outside) }),
    ...denied.map(
      (endpoint): PreflightFound => ({ rule: "endpoint-outside", values: { ...endpoint } }),
    ),
  ];
}

/**
 * A cluster of another prefix can have names with the same beginning: `dev-eu-natgw` is not of the
 * prefix `dev`.
 */
async function elasticIps(
  list: Subject["list"],
  prefix: string,
): Promise<readonly SourceAddress[]> {
  const named = filteredBy("tag:Name", `${prefix}-*`);
  const addresses = await list("ec2:DescribeAddresses", named, ({ Addresses }) => Addresses);
  const tagged = filteredBy("tag-key", `kubernetes.io/cluster/${prefix}`);
  const instances = await list("ec2:DescribeInstances", tagged, ({ Reservations }) =>
    Reservations?.flatMap(({ Instances = [] }) =>
      Instances.flatMap(({ InstanceId }) => InstanceId ?? []),
    ),
  );
  return addresses.flatMap(({ PublicIp: address, InstanceId = "", Tags = [] }) => {
    const name = Tags.find(({ Key }) => Key === "Name")?.Value ?? "";
    const isOwn = name === `${prefix}-natgw` || instances.includes(InstanceId);
    return address !== undefined && isOwn ? [{ address, name }] : [];
  });
}

/** Endpoints that take calls without a change of DKP: those with private DNS names. */
async function interfaceEndpoints(
  list: Subject["list"],
  vpcs: readonly string[],
): Promise<readonly SourceEndpoint[]> {
  if (vpcs.length === 0) {
    return [];
  }
  const ofVpcs = filteredBy("vpc-id", ...vpcs);
  const all = await list("ec2:DescribeVpcEndpoints", ofVpcs, ({ VpcEndpoints }) => VpcEndpoints);
  return all
    .filter(
      ({ VpcEndpointType, PrivateDnsEnabled }) =>
        VpcEndpointType === "Interface" && PrivateDnsEnabled === true,
    )
    .map(({ VpcEndpointId: id = "", VpcId: vpc = "", ServiceName = "" }) => ({
      id,
      vpc,
      service: ServiceName.split(".").at(-1) ?? "",
    }))
    .filter(({ service }) => SERVICES.includes(service));
}
