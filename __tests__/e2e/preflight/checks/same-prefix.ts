import { CreateSecurityGroupCommand, CreateSubnetCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { DKP_NAME_CHECKS } from "../../../../src/cli/account/preflight/checks/dkp-names";
import type { LocalAws } from "../../support/local-aws";
import { createVpc, settings, testChecks } from "../../support/preflight";

/** The objects of a cluster with the prefix `taken`, and a VPC named `perhaps`. */
async function createFixtures(local: LocalAws) {
  const ec2 = local.ec2();
  await createVpc(local, "perhaps");
  const taken = await createVpc(local, "taken");
  const { GroupId: group } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "taken-node", Description: "nodes", VpcId: taken }),
  );
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({
      VpcId: taken,
      CidrBlock: "10.0.0.0/20",
      TagSpecifications: [{ ResourceType: "subnet", Tags: [{ Key: "Name", Value: "taken-public-0" }] }],
    }),
  );
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: "ami-03cf127a",
      SubnetId: Subnet?.SubnetId,
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "kubernetes.io/cluster/taken", Value: "shared" }] }],
    }),
  );
  return { taken, group, subnet: Subnet?.SubnetId, instance: Instances[0]?.InstanceId };
}

export const samePrefix = testChecks(DKP_NAME_CHECKS.slice(3), createFixtures, [
  {
    verdict: "ok",
    of: "an unused prefix",
    settings: () => settings("prefix: dev"),
    expected: () => ["no object has a name of a cluster with the prefix dev"],
  },
  {
    verdict: "failed",
    of: "a prefix in use",
    settings: () => settings("prefix: taken"),
    expected: ({ instance, group, subnet, taken }) => [
      `a cluster with the prefix taken seems to exist: instances ${instance}; security groups ${group} (taken-node); subnets ${subnet}; VPCs ${taken}; DKP finds subnets and security groups by name and would confuse the two clusters`,
      "choose another cluster.prefix, delete what is left over, or add --existing-cluster if it is this cluster",
    ],
  },
  {
    verdict: "ok",
    of: "the prefix of an existing cluster",
    settings: ({ taken }) => settings(`prefix: taken, existingVPCID: ${taken}`),
    existingCluster: true,
    expected: ({ instance, group, subnet }) => [
      `a cluster with the prefix taken exists (instances ${instance}; security groups ${group} (taken-node); subnets ${subnet}), as --existing-cluster expects`,
    ],
  },
  {
    verdict: "warning",
    of: "a VPC with the name of the prefix",
    settings: () => settings("prefix: perhaps"),
    expected: () => [
      expect.stringMatching(
        /^the name that DKP gives to its VPC is in use: VPCs vpc-[0-9a-f]+; another cluster may have the prefix perhaps$/,
      ),
      "verify that there is none, or choose another cluster.prefix",
    ],
  },
]);
