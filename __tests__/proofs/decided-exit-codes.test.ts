import * as fc from "fast-check";
import type { JsonObject } from "../../src/cli/diff/json-values";
import type { DecisionRequest } from "../../src/decision/model";
import { policyDocument } from "../../src/iam/policy-document";
import { type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { isNew } from "../decision/simulation";
import { betweenPacks, type Summary } from "../helpers/changes";
import { anyOptions, FEATURE_NAMES, UNTAGGED_MODES } from "../helpers/clusters";
import { cases } from "../helpers/complete";
import { deploymentOf, packOf } from "../helpers/packs";
import { truthOf } from "../helpers/simulated-diff";

/** Pairs of settings, each compared in both directions. */
const PAIRS = cases(25, 220);

const anySettings: fc.Arbitrary<PolicyOptions> = fc
  .tuple(anyOptions, fc.constantFrom(...UNTAGGED_MODES))
  .map(([options, mode]) => ({ ...options, mode }));

/** Settings in which one thing differs, so that many pairs are broadened in one direction only or in none. */
const variant = (options: PolicyOptions): fc.Arbitrary<PolicyOptions> =>
  fc.oneof(
    fc.constantFrom(...UNTAGGED_MODES).map((mode) => ({ ...options, mode })),
    fc.constant({ ...options, supplement: !options.supplement }),
    fc.subarray(FEATURE_NAMES).map((features) => ({ ...options, cluster: { ...options.cluster, features } })),
    fc.constant({ ...options, cluster: { ...options.cluster, tags: {} } }),
    fc.constant({ ...options, cluster: { ...options.cluster, formerIamNodeRoles: [], peerAccountIds: [] } }),
  );

const anyPair = anySettings.chain((one) =>
  fc.tuple(fc.constant(one), fc.oneof({ weight: 1, arbitrary: anySettings }, { weight: 3, arbitrary: variant(one) })),
);

it("permissions are reported as broadened exactly where simulation finds it, for random pairs of settings in both directions", async () => {
  const counts = { broadened: 0, "not broadened": 0 };
  await fc.assert(
    fc.asyncProperty(anyPair, async (pair) => {
      const packs = pair.map((options) => packOf(deploymentOf(options)));
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const [before, after] = [pair[from], pair[to]];
        const [changes] = betweenPacks(packs[from] as JsonObject, packs[to] as JsonObject).deployments as [Summary];
        const [hasNew, hadOld] = [after, before].map((options) => ({ identity: [policyDocument(policyStatements(options))] }));
        const isBroader = changes.broadened.length + changes.otherBroadened.length > 0;
        const moves = before.environment.partition !== after.environment.partition;
        expect(changes.breakingChanges.length > 0).toBe(moves);
        counts[isBroader ? "broadened" : "not broadened"] += 1;
        if (isBroader) {
          // One request that the simulator allows after the change and not before.
          const requests = changes.evidence.flatMap(({ request }) => (request === undefined ? [] : [request as DecisionRequest]));
          expect([requests.length, changes.evidence.length]).toEqual([1, 1]);
          expect(requests.filter((request) => hasNew && hadOld && isNew(hasNew, hadOld, request))).toEqual(requests);
        } else {
          // Every known call, under usual and unusual conditions.
          expect((await truthOf(before, after)).broadened).toEqual([]);
        }
      }
    }),
    { numRuns: PAIRS, endOnFailure: true },
  );
  process.stderr.write(`pairs and directions: ${JSON.stringify(counts)}\n`);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(PAIRS / 4);
});
