import type { Cluster } from "../../src/iam/cluster";
import { policyDocument } from "../../src/iam/policy-document";
import { MODES, type Mode, policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { clusterOf, ENVIRONMENT, EVERYTHING, inMode } from "../helpers/clusters";
import { requiredRequests } from "../helpers/required-requests";
import { requestsWith } from "../helpers/simulator";
import { PEER_VPC, taggedRequests, UUID, VPC } from "../helpers/tagged-requests";

/** The clusters for which every call and every abuse is simulated, in each mode. */
const CLUSTERS = {
  "a plain cluster": clusterOf(),
  "a cluster in its own VPC without NAT": clusterOf({ layout: "WithoutNAT" }),
  "a cluster with NAT and bastion": clusterOf({ layout: "WithNAT", bastion: true }),
  "a cluster in an existing VPC": clusterOf({ existingVPCID: VPC }),
  "a cluster with security groups of the user": clusterOf({ existingVPCID: VPC, disableDefaultSecurityGroup: true }),
  "a cluster with iamNodeRole": clusterOf({ iamNodeRole: "dkp-node", iamNodeRolePath: "/apps/", formerIamNodeRoles: ["/old"] }),
  "a cluster with every option": EVERYTHING,
  "a cluster with every option in an existing VPC": { ...EVERYTHING, existingVPCID: VPC },
};

/** What mode strict knows of a cluster, before and after the bootstrap. */
const KNOWN = {
  "before the bootstrap": {},
  "with the VPC": { vpcId: VPC },
  "with the UUID": { uuid: UUID },
  "with UUID and VPC": { uuid: UUID, vpcId: VPC },
};

const ELSEWHERE = [
  { ...ENVIRONMENT, partition: "aws-cn", region: "cn-north-1" },
  { ...ENVIRONMENT, partition: "aws-us-gov", region: "us-gov-west-1" },
];

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`policy proof: ${JSON.stringify(figures)}\n`);
});

/** Simulates every call of a cluster, in mode strict with the tags of that moment, and every abuse. @returns what is wrong */
async function simulated(mode: Mode, cluster: Cluster, environment = ENVIRONMENT) {
  const options = inMode(mode, { supplement: true, environment, cluster });
  const document = policyDocument(policyStatements(options));
  const requests =
    mode === "strict" ? taggedRequests(environment, options.cluster) : requiredRequests(mode, true, environment, cluster);
  expect(requests.length).toBeGreaterThan(mode === "strict" ? 150 : 100);
  figures[mode] = (figures[mode] ?? 0) + requests.length;
  const open = await requestsWith(true, document, abuses(environment));
  return { denied: await requestsWith(false, document, requests), open: open.map(({ what }) => what) };
}

const NOTHING = { denied: [], open: [] };

/** In mode strict, the VPC of requests is the cluster's own one, so that it is peered with another one. */
const strictOf = (cluster: Cluster, known: Partial<Cluster>): Cluster => ({
  ...cluster,
  ...known,
  vpcId: cluster.existingVPCID === undefined ? known.vpcId : undefined,
  peeredVPCs: cluster.peeredVPCs.map(() => PEER_VPC),
});

describe.each(Object.entries(CLUSTERS))("the policy of %s", (_, cluster) => {
  it("allows in mode documented every call of the cluster, on every resource type", async () => {
    expect((await simulated("documented", cluster)).denied).toEqual([]);
  });

  it.each(["scoped", "minimal"] as const)("allows every call of the cluster, and denies in mode %s every abuse", async (mode) => {
    expect(await simulated(mode, cluster)).toEqual(NOTHING);
  });

  it.each(Object.entries(KNOWN))(
    "allows in mode strict every call of the cluster with the tags of that moment, and denies every abuse, %s",
    async (_known, known) => {
      expect(await simulated("strict", strictOf(cluster, known))).toEqual(NOTHING);
    },
  );
});

it("the documented policy allows exactly the abuses that are listed as allowed", async () => {
  const list = abuses(ENVIRONMENT);
  expect(list.length).toBeGreaterThanOrEqual(60);
  const { open } = await simulated("documented", clusterOf());
  expect(open).toEqual(list.filter(({ documented }) => documented).map(({ what }) => what));
});

describe.each(ELSEWHERE)("in partition $partition", (environment) => {
  it.each(MODES.filter((mode) => mode !== "documented"))(
    "mode %s allows every call of the cluster and denies every abuse",
    async (mode) => {
      const cluster = mode === "strict" ? strictOf(EVERYTHING, { uuid: UUID, vpcId: VPC }) : EVERYTHING;
      expect(await simulated(mode, cluster, environment)).toEqual(NOTHING);
    },
  );
});
