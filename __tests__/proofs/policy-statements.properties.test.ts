import * as fc from "fast-check";
import { policyDocument } from "../../src/iam/policy-document";
import { MODES, policyStatements } from "../../src/iam/policy-statements";
import { anyOptions } from "../helpers/clusters";
import { requiredRequests } from "../helpers/required-requests";
import { type Request, requestsWith } from "../helpers/simulator";

describe("the policy of any cluster", () => {
  it("allows in minimal every call of the cluster", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, fc.nat(), async (options, draw) => {
        const requests = requiredRequests("minimal", options.supplement, options.environment, options.cluster);
        const drawn = [0, 1, 2, 3, 4].map((step) => requests[(draw + step * 37) % requests.length] as Request);
        const document = policyDocument(policyStatements({ ...options, mode: "minimal" }));
        expect(await requestsWith(false, document, drawn)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it.each(MODES)("has in mode %s valid statement IDs and sorted lists without duplicates", (mode) => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const statements = policyStatements({ ...options, mode });
        const sids = statements.map(({ sid }) => sid);
        expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([]);
        expect(new Set(sids).size).toBe(sids.length);
        expect(statements.filter(({ resources }) => new Set(resources).size < resources.length)).toEqual([]);
        expect(statements.map(({ actions }) => actions)).toEqual(statements.map(({ actions }) => [...new Set(actions)].sort()));
      }),
      { numRuns: 100 },
    );
  });

  it("does not depend on the order of lists in the settings", () => {
    fc.assert(
      fc.property(anyOptions, fc.constantFrom(...MODES), (options, mode) => {
        const { cluster } = options;
        const reordered = {
          ...cluster,
          features: [...cluster.features].reverse(),
          formerIamNodeRoles: [...cluster.formerIamNodeRoles].reverse(),
          peerAccountIds: [...cluster.peerAccountIds].reverse(),
          tags: Object.fromEntries(Object.entries(cluster.tags).reverse()),
        };
        expect(policyStatements({ ...options, mode, cluster: reordered })).toEqual(policyStatements({ ...options, mode }));
      }),
      { numRuns: 100 },
    );
  });
});
