import {
  AllocateAddressCommand,
  CreateNatGatewayCommand,
  CreateSubnetCommand,
  CreateVpcEndpointCommand,
  type ResourceType,
} from "@aws-sdk/client-ec2";
import { sourceAddressCheck } from "../../../../src/cli/account/preflight/checks/source-addresses";
import type { LocalAws } from "../../support/local-aws";
import { createVpc, settings, testChecks } from "../../support/preflight";
import { ec2Answer } from "../../support/stub-aws";

const named = (type: ResourceType, name: string) => ({
  TagSpecifications: [{ ResourceType: type, Tags: [{ Key: "Name", Value: name }] }],
});

/** The addresses of a cluster in WithNAT with a bastion, as DKP names them; beside it a NAT gateway of others in the same VPC. */
async function createFixtures(local: LocalAws) {
  const ec2 = local.ec2();
  const vpc = await createVpc(local, "routed");
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: "10.0.0.0/20" }));
  const address = async (name: string) =>
    await ec2.send(new AllocateAddressCommand({ Domain: "vpc", ...named("elastic-ip", name) }));
  const gateway = async (name: string, AllocationId: string | undefined) => {
    const input = { SubnetId: Subnet?.SubnetId, AllocationId, ...named("natgateway", name) };
    return (await ec2.send(new CreateNatGatewayCommand(input))).NatGateway?.NatGatewayId ?? "";
  };
  const [own, bastion, other] = [await address("routed-natgw"), await address("routed-bastion"), await address("shared")];
  const nat = await gateway("routed", own.AllocationId);
  await gateway("shared", other.AllocationId);
  const { VpcEndpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId: vpc,
      VpcEndpointType: "Interface",
      ServiceName: "com.amazonaws.eu-central-1.ec2",
      SubnetIds: [Subnet?.SubnetId ?? ""],
      PrivateDnsEnabled: true,
    }),
  );
  const { PublicIp: natIp = "" } = own;
  const { PublicIp: bastionIp = "" } = bastion;
  return { vpc, nat, natIp, bastionIp, endpoint: VpcEndpoint?.VpcEndpointId ?? "" };
}

const tag = (name: string) => `<item><key>Name</key><value>${name}</value></item>`;
const DHCTL = "; the address of whoever runs dhctl is not known here";
const inside = (networks: string) => settings("prefix: routed", `user: { allowedNetworks: { ${networks} } }\n`);

export const sourceAddresses = testChecks([sourceAddressCheck], createFixtures, [
  {
    verdict: "skipped",
    of: "a cluster whose key works in every network",
    settings: () => settings("prefix: routed"),
    expected: ({ natIp, nat, endpoint }) => [
      `user.allowedNetworks is not set: a leaked key works in every network; the calls of the cluster come from ${natIp} (NAT gateway ${nat}), ${endpoint} (ec2)`,
      "set user.allowedNetworks to their sources once the cluster exists, and to the address of whoever runs dhctl",
    ],
  },
  {
    verdict: "ok",
    of: "a NAT gateway in the allowed networks",
    settings: () => inside("cidrs: [203.0.113.0/24]"),
    answers: {
      DescribeNatGateways: () =>
        ec2Answer(
          "DescribeNatGateways",
          `<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><natGatewayAddressSet><item><publicIp>203.0.113.7</publicIp></item></natGatewayAddressSet><tagSet>${tag("routed")}</tagSet></item></natGatewaySet>`,
        ),
    },
    expected: () => [`user.allowedNetworks includes 203.0.113.7 (NAT gateway nat-1)${DHCTL}`],
  },
  {
    verdict: "ok",
    of: "masters with Elastic IPs in the allowed networks",
    settings: () => settings("prefix: free, layout: WithoutNAT", "user: { allowedNetworks: { cidrs: [203.0.113.0/24] } }\n"),
    answers: {
      DescribeAddresses: () =>
        ec2Answer(
          "DescribeAddresses",
          `<addressesSet><item><publicIp>203.0.113.8</publicIp><domain>vpc</domain><tagSet>${tag("free-master-0")}</tagSet></item></addressesSet>`,
        ),
    },
    expected: () => [`user.allowedNetworks includes 203.0.113.8 (free-master-0)${DHCTL}`],
  },
  {
    verdict: "ok",
    of: "an endpoint of the VPC that is allowed",
    settings: ({ endpoint }) => inside(`vpcEndpoints: [${endpoint}]`),
    expected: ({ vpc, endpoint }) => [
      `calls of ec2 in ${vpc} go through the VPC endpoint ${endpoint}, which user.allowedNetworks includes`,
    ],
  },
  {
    verdict: "failed",
    of: "a NAT gateway in another network",
    settings: () => inside("cidrs: [192.0.2.0/24]"),
    expected: ({ natIp, nat }) => [
      `user.allowedNetworks does not include ${natIp} (NAT gateway ${nat}): calls of elasticloadbalancing, iam, sts from there are denied`,
      `add ${natIp}/32 to user.allowedNetworks.cidrs`,
    ],
  },
  {
    verdict: "warning",
    of: "a bastion in another network",
    settings: () => inside("cidrs: [192.0.2.0/24]"),
    expected: ({ bastionIp }) => [
      `user.allowedNetworks does not include ${bastionIp} (routed-bastion), from which DKP itself makes no calls`,
      `if dhctl runs there, add ${bastionIp}/32 to user.allowedNetworks.cidrs`,
    ],
  },
  {
    verdict: "failed",
    of: "an endpoint of the VPC that is not allowed",
    settings: () => inside("cidrs: [192.0.2.0/24]"),
    expected: ({ vpc, endpoint }) => [
      `calls of ec2 in ${vpc} go through the VPC endpoint ${endpoint}, have no public address, and are denied`,
      `add ${endpoint} to user.allowedNetworks.vpcEndpoints, or ${vpc} to user.allowedNetworks.vpcs`,
    ],
  },
]);
