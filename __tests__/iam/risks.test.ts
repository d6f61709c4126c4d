import { policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import { risksOf } from "../../src/iam/risks";
import { clusterOf, ENVIRONMENT, EVERYTHING, inMode, UNTAGGED_MODES } from "../helpers/clusters";
import { requiredRequests } from "../helpers/required-requests";
import { isAllowed } from "../helpers/simulator";

const options = (mode: (typeof UNTAGGED_MODES)[number], cluster = clusterOf()) => ({
  mode,
  supplement: true,
  environment: ENVIRONMENT,
  cluster,
});
const worst = (mode: (typeof UNTAGGED_MODES)[number], cluster = clusterOf()) => risksOf(options(mode, cluster))[0]?.what;

describe("the impact of a leaked key in mode strict", () => {
  it("is privilege escalation and the cluster itself", () => {
    const options_ = inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster: clusterOf() });
    const [first, ...others] = risksOf(options_).map(({ what }) => what);
    expect(first).toBe(worst("minimal"));
    expect(others).toContain("delete the cluster with all of its instances, disks, networks and load balancers");
    expect(others.filter((what) => what.includes("every"))).toEqual([]);
  });
});

describe("the impact of a leaked key", () => {
  it.each(UNTAGGED_MODES)("contains in mode %s only actions that IAM allows", async (mode) => {
    for (const cluster of [clusterOf(), EVERYTHING]) {
      const policy = policyDocument(policyStatements(options(mode, cluster)));
      const requests = requiredRequests(mode, true, ENVIRONMENT, cluster);
      for (const action of risksOf(options(mode, cluster)).flatMap((risk) => risk.actions)) {
        const request = requests.find((candidate) => candidate.action === action);
        expect({ action, allowed: request !== undefined && (await isAllowed(policy, request)) }).toEqual({
          action,
          allowed: true,
        });
      }
    }
  });

  it("begins with privilege escalation in every mode", () => {
    expect(worst("documented")).toBe(
      "write any permission into any role of the account, launch an instance with that role, and act as an administrator there",
    );
    expect(worst("scoped")).toBe(
      "write any permission into the role `dev-node`, launch an instance with it, and act as an administrator there",
    );
    expect(worst("minimal")).toBe(worst("scoped"));
  });

  it("states the Regions", () => {
    const disks = (mode: (typeof UNTAGGED_MODES)[number]) =>
      risksOf(options(mode)).find(({ actions }) => actions.includes("ec2:DetachVolume"));
    expect(disks("documented")?.what).toContain("in every Region");
    expect(disks("scoped")?.what).toContain("in eu-central-1");
  });

  it("omits what the policy of the cluster does not allow", () => {
    const snapshots = (cluster = clusterOf()) =>
      risksOf(options("minimal", cluster)).some(({ actions }) => actions.includes("ec2:DeleteSnapshot"));
    expect(snapshots()).toBe(false);
    expect(snapshots(clusterOf({ features: ["volume-snapshots"] }))).toBe(true);
  });

  it("contains peering with external accounts only in mode documented", () => {
    const peering = UNTAGGED_MODES.filter((mode) =>
      risksOf(options(mode, EVERYTHING)).some(({ actions }) => actions.includes("ec2:AcceptVpcPeeringConnection")),
    );
    expect(peering).toEqual(["documented"]);
  });

  it("contains the other roles that an instance can be launched with", () => {
    const whats = risksOf(options("scoped", EVERYTHING)).map(({ what }) => what);
    expect(whats).toContain("launch an instance with `/apps/dkp-node` or `/old/dkp-node` and use all permissions of that role");
    expect(risksOf(options("scoped")).some(({ what }) => what.startsWith("launch an instance with"))).toBe(false);
  });
});
