import { policyDocument } from "../../src/iam/policy-document";
import { MODES, policyStatements } from "../../src/iam/policy-statements";
import { risksOf } from "../../src/iam/risks";
import { clusterOf, EVERYTHING, PLACE } from "../helpers/clusters";
import { neededRequests } from "../helpers/requests";
import { isAllowed } from "../helpers/simulator";

const options = (mode: (typeof MODES)[number], cluster = clusterOf()) => ({ mode, supplement: true, place: PLACE, cluster });
const worst = (mode: (typeof MODES)[number], cluster = clusterOf()) => risksOf(options(mode, cluster))[0]?.what;

describe("what a stolen key could do", () => {
  it.each(MODES)("names only what IAM allows: %s", async (mode) => {
    for (const cluster of [clusterOf(), EVERYTHING]) {
      const policy = policyDocument(policyStatements(options(mode, cluster)));
      const requests = neededRequests(mode, true, PLACE, cluster);
      for (const action of risksOf(options(mode, cluster)).flatMap((risk) => risk.actions)) {
        const request = requests.find((candidate) => candidate.action === action);
        expect({ action, allowed: request !== undefined && (await isAllowed(policy, request)) }).toEqual({
          action,
          allowed: true,
        });
      }
    }
  });

  it("begins with the way to an administrator, in every mode", () => {
    expect(worst("documented")).toBe(
      "give any role of the account any permission, start a machine with that role, and act as an administrator from there",
    );
    expect(worst("scoped")).toBe(
      "put any permission on the role `dev-node`, start a machine with it, and act as an administrator from there",
    );
    expect(worst("minimal")).toBe(worst("scoped"));
  });

  it("says in which regions", () => {
    const disks = (mode: (typeof MODES)[number]) =>
      risksOf(options(mode)).find(({ actions }) => actions.includes("ec2:DetachVolume"));
    expect(disks("documented")?.what).toContain("in every region");
    expect(disks("scoped")?.what).toContain("in eu-central-1");
  });

  it("leaves out what the cluster's policy does not allow", () => {
    const peering = (cluster = clusterOf()) =>
      risksOf(options("minimal", cluster)).some(({ actions }) => actions.includes("ec2:AcceptVpcPeeringConnection"));
    expect(peering()).toBe(false);
    expect(peering(clusterOf({ peeredVPCs: ["vpc-0123456789abcdef0"] }))).toBe(true);
  });

  it("names the other roles that a machine can be started with", () => {
    const whats = risksOf(options("scoped", EVERYTHING)).map(({ what }) => what);
    expect(whats).toContain("start a machine with `/apps/dkp-node` or `/old/dkp-node` and do from there whatever that role may");
    expect(risksOf(options("scoped")).some(({ what }) => what.startsWith("start a machine with"))).toBe(false);
  });
});
