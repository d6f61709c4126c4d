import { policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { clusterOf, ENVIRONMENT, EVERYTHING, inMode } from "../helpers/clusters";
import { isAllowed } from "../helpers/simulator";
import { PEER_VPC, taggedRequests, UUID, VPC, withMarker } from "../helpers/tagged-requests";

const everything = { ...EVERYTHING, peeredVPCs: [PEER_VPC] };

/** The clusters for which every call and every abuse is simulated, before and after the bootstrap. */
const CLUSTERS = {
  "a plain cluster": clusterOf(),
  "a cluster without NAT": clusterOf({ layout: "WithoutNAT" }),
  "a cluster with NAT and bastion": clusterOf({ layout: "WithNAT", bastion: true }),
  "a cluster in an existing VPC": clusterOf({ existingVPCID: VPC }),
  "a cluster with security groups of the user": clusterOf({ existingVPCID: VPC, disableDefaultSecurityGroup: true }),
  "a cluster with every option": everything,
  "a cluster with every option in an existing VPC": { ...everything, existingVPCID: VPC },
};

const KNOWN = {
  "before the bootstrap": {},
  "with the VPC": { vpcId: VPC },
  "with the UUID": { uuid: UUID },
  "with UUID and VPC": { uuid: UUID, vpcId: VPC },
};

const ENVIRONMENTS = [
  ENVIRONMENT,
  { ...ENVIRONMENT, partition: "aws-cn", region: "cn-north-1" },
  { ...ENVIRONMENT, partition: "aws-us-gov", region: "us-gov-west-1" },
];

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`strict: ${JSON.stringify(figures)}\n`);
});

describe.each(Object.entries(CLUSTERS))("the strict policy of %s", (_, plain) => {
  it.each(Object.entries(KNOWN))(
    "allows every call of the cluster with the tags of that moment, and denies every abuse, %s",
    async (_known, known) => {
      const cluster = { ...withMarker(plain), ...(plain.existingVPCID === undefined ? known : { ...known, vpcId: undefined }) };
      const document = policyDocument(
        policyStatements(inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster })),
      );
      const requests = taggedRequests(ENVIRONMENT, cluster);
      expect(requests.length).toBeGreaterThan(150);
      const denied: string[] = [];
      for (const request of requests) {
        if (!(await isAllowed(document, request))) {
          denied.push(`${request.action} on ${request.resource} with ${JSON.stringify(request.context)}`);
        }
      }
      expect(denied).toEqual([]);
      const open: string[] = [];
      for (const abuse of abuses(ENVIRONMENT)) {
        if (await isAllowed(document, abuse)) {
          open.push(abuse.what);
        }
      }
      expect(open).toEqual([]);
      figures["calls allowed"] = (figures["calls allowed"] ?? 0) + requests.length;
    },
  );
});

describe.each(ENVIRONMENTS.slice(1))("in partition $partition", (environment) => {
  it("mode strict allows every call of the cluster and denies every abuse", async () => {
    const cluster = { ...withMarker(everything), uuid: UUID, vpcId: VPC };
    const document = policyDocument(policyStatements(inMode("strict", { supplement: true, environment, cluster })));
    for (const request of taggedRequests(environment, cluster)) {
      expect([request, await isAllowed(document, request)]).toEqual([request, true]);
    }
    for (const abuse of abuses(environment)) {
      expect([abuse.what, await isAllowed(document, abuse)]).toEqual([abuse.what, false]);
    }
  });
});
