import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  type Tag,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from "@aws-sdk/client-iam";
import { markerCheck } from "../../../../src/cli/account/preflight/checks/marker";
import type { LocalAws } from "../../support/local-aws";
import { createRole, createVpc, settings, testChecks } from "../../support/preflight";

const MARKER: Tag = { Key: "dkp-cluster", Value: "marked" };

/** A cluster with the marker on its subnet, but not on its security group. */
async function createFixtures(local: LocalAws) {
  const ec2 = local.ec2();
  const vpc = await createVpc(local, "outside");
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({
      VpcId: vpc,
      CidrBlock: "10.0.0.0/20",
      TagSpecifications: [{ ResourceType: "subnet", Tags: [{ Key: "Name", Value: "marked-public-0" }, MARKER] }],
    }),
  );
  const { GroupId: group } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "unmarked-node", Description: "nodes", VpcId: vpc }),
  );
  const iam = local.iam();
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "workers-node" }));
  await createRole(local, "workers-node");
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "workers-node", RoleName: "workers-node" }));
  // As the machine controller manager creates instances: the UUID's tag alone.
  const { Instances: [worker] = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: "ami-12c6146b",
      MinCount: 1,
      MaxCount: 1,
      IamInstanceProfile: { Name: "workers-node" },
      TagSpecifications: [
        { ResourceType: "instance", Tags: [{ Key: "kubernetes.io/cluster/7a3c1f52-1111-4222-8333-444455556666", Value: "1" }] },
      ],
    }),
  );
  const instance = worker?.InstanceId ?? "";
  const { Reservations: [reservation] = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  const disk = reservation?.Instances?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId;
  return { subnet: Subnet?.SubnetId, group, worker: [instance, disk].sort().join(", ") };
}

const REMEDY =
  "keep mode minimal, add the pair to tags of DKP's configuration, let DKP apply it, and tag or replace what is left: roll each node group of type CloudEphemeral";

const strict = (prefix: string, value: string) =>
  `${settings(`prefix: ${prefix}, layout: Standard, tags: { dkp-cluster: ${value} }`)}policy: { mode: strict }\n`;

export const marker = testChecks([markerCheck], createFixtures, [
  {
    verdict: "ok",
    of: "a marker that no object has",
    settings: () => strict("dev", "free"),
    expected: () => ["no object has the tag dkp-cluster=free"],
  },
  {
    verdict: "failed",
    of: "a marker in use",
    settings: () => strict("dev", "marked"),
    expected: ({ subnet }) => [
      `objects have the tag dkp-cluster=marked before the cluster exists: ${subnet}; the key could change them`,
      "choose another pair for the cluster, or add --existing-cluster if they are the cluster's",
    ],
  },
  {
    verdict: "ok",
    of: "an existing cluster with the marker",
    settings: () => strict("marked", "marked"),
    existingCluster: true,
    expected: () => ["all 1 objects of the cluster that were found have the tag dkp-cluster=marked"],
  },
  {
    verdict: "failed",
    of: "an existing cluster without the marker",
    settings: () => strict("unmarked", "marked"),
    existingCluster: true,
    expected: ({ group }) => [
      `1 of 1 objects of the cluster lack the tag dkp-cluster=marked, so that mode strict would deny every change of them: ${group}`,
      REMEDY,
    ],
  },
  {
    verdict: "failed",
    of: "a worker from before the marker, which only its instance profile shows",
    settings: () => strict("workers", "marked"),
    existingCluster: true,
    expected: ({ worker }) => [
      `2 of 2 objects of the cluster lack the tag dkp-cluster=marked, so that mode strict would deny every change of them: ${worker}`,
      REMEDY,
    ],
  },
  {
    verdict: "warning",
    of: "an existing cluster that is not found",
    settings: () => strict("absent", "marked"),
    existingCluster: true,
    expected: () => ["no object of the cluster was found", "check cluster.prefix, region and account"],
  },
  {
    verdict: "skipped",
    of: "another mode",
    settings: () => settings("prefix: dev"),
    expected: () => ["policy.mode is not strict"],
  },
]);
