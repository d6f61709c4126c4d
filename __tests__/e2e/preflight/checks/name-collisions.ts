import { CreateKeyPairCommand } from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from "@aws-sdk/client-iam";
import { DKP_NAME_CHECKS } from "../../../../src/cli/account/preflight/checks/dkp-names";
import type { LocalAws } from "../../support/local-aws";
import { ACCOUNT, type Case, createRole, settings, testChecks } from "../../support/preflight";

const PREFIX =
  "choose another cluster.prefix, delete it if it is left over, or add --existing-cluster if the cluster already exists";
const NAMES = [
  ["role name", "role", `arn:aws:iam::${ACCOUNT}:role/taken-node`],
  ["instance profile name", "instance profile", `arn:aws:iam::${ACCOUNT}:instance-profile/taken-node`],
] as const;

async function createFixtures(local: LocalAws) {
  await createRole(local, "taken-node");
  const InstanceProfileName = "taken-node";
  await local.iam().send(new CreateInstanceProfileCommand({ InstanceProfileName }));
  await local.iam().send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "taken-node" }));
  const { KeyPairId: keyPair } = await local.ec2().send(new CreateKeyPairCommand({ KeyName: "taken" }));
  return { keyPair };
}

type Fixtures = Awaited<ReturnType<typeof createFixtures>>;

export const nameCollisions = testChecks(DKP_NAME_CHECKS.slice(0, 3), createFixtures, [
  ...NAMES.flatMap(([check, what, arn]): readonly Case<Fixtures>[] => [
    {
      check,
      verdict: "ok",
      of: "an unused name",
      settings: () => settings("prefix: dev"),
      expected: () => [`the ${what} dev-node does not exist yet`],
    },
    {
      check,
      verdict: "failed",
      of: "a name in use",
      settings: () => settings("prefix: taken"),
      expected: () => [
        `the ${what} taken-node exists (${arn}), and DKP creates it itself: the bootstrap would fail with EntityAlreadyExists`,
        PREFIX,
      ],
    },
    {
      check,
      verdict: "ok",
      of: "the name of an existing cluster",
      settings: () => settings("prefix: taken"),
      existingCluster: true,
      expected: () => [`the ${what} taken-node exists (${arn}), as --existing-cluster expects`],
    },
    {
      check,
      verdict: "warning",
      of: "an unused name of an existing cluster",
      settings: () => settings("prefix: dev"),
      existingCluster: true,
      expected: () => [
        `the ${what} dev-node does not exist, and --existing-cluster expects the cluster`,
        "check cluster.prefix, region and account",
      ],
    },
  ]),
  {
    check: "key pair name",
    verdict: "ok",
    of: "an unused name",
    settings: () => settings("prefix: dev"),
    expected: () => ["the key pair dev does not exist yet"],
  },
  {
    check: "key pair name",
    verdict: "failed",
    of: "a name in use",
    settings: () => settings("prefix: taken"),
    expected: ({ keyPair }) => [
      `the key pair taken exists (${keyPair}), and DKP creates it itself: the bootstrap would fail with InvalidKeyPair.Duplicate`,
      PREFIX,
    ],
  },
]);
