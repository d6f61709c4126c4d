import { existingVpcCheck } from "../../../../src/cli/account/preflight/checks/existing-vpc";
import type { LocalAws } from "../../support/local-aws";
import { createOpenVpc, createVpc, settings, testChecks } from "../../support/preflight";

const createFixtures = async (local: LocalAws) => ({ free: await createVpc(local, "free"), ...(await createOpenVpc(local)) });

export const existingVpc = testChecks([existingVpcCheck], createFixtures, [
  {
    verdict: "ok",
    of: "a VPC without an internet gateway",
    by: "local AWS",
    settings: ({ free }) => settings(`existingVPCID: ${free}`),
    expected: ({ free }) => [`${free} exists and has no internet gateway`],
  },
  {
    verdict: "failed",
    of: "a VPC with an internet gateway",
    by: "local AWS",
    settings: ({ open }) => settings(`existingVPCID: ${open}`),
    expected: ({ open, gateway }) => [
      `${open} has the internet gateway ${gateway}, and DKP attaches its own in every layout`,
      "use another VPC, detach the gateway if nothing uses it, or add --existing-cluster if it belongs to the cluster",
    ],
  },
  {
    verdict: "ok",
    of: "the VPC of an existing cluster",
    by: "local AWS",
    settings: ({ open }) => settings(`existingVPCID: ${open}`),
    existingCluster: true,
    expected: ({ open, gateway }) => [`${open} exists, with ${gateway}`],
  },
  {
    verdict: "failed",
    of: "a VPC that does not exist",
    by: "local AWS",
    settings: () => settings("existingVPCID: vpc-0123456789abcdef0"),
    expected: () => ["vpc-0123456789abcdef0 does not exist in eu-central-1 of this account", "correct cluster.existingVPCID"],
  },
]);
