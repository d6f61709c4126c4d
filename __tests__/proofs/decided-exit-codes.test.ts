import * as fc from "fast-check";
import { RULES } from "../../src/cli/diff/rules";
import { levelOf } from "../../src/cli/findings/finding";
import type { DecisionRequest } from "../../src/decision/model";
import { policyDocument } from "../../src/iam/policy-document";
import { type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { isNew } from "../decision/simulation";
import { anyOptions, FEATURE_NAMES, UNTAGGED_MODES } from "../helpers/clusters";
import { cases } from "../helpers/complete";
import { betweenPacks, evidenceOf, serious } from "../helpers/diff";
import { deploymentOf } from "../helpers/packs";
import { packFilesOf } from "../helpers/reviewed";
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
      const packs = pair.map((options) => packFilesOf(deploymentOf(options)));
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const [before, after] = [pair[from], pair[to]];
        const changes = betweenPacks(packs[from] ?? {}, packs[to] ?? {});
        const ofUser = serious(changes).filter(({ principal }) => principal === "user");
        const [hasNew, hadOld] = [after, before].map((options) => ({ identity: [policyDocument(policyStatements(options))] }));
        const isBroader = ofUser.some(({ rule }) => rule === "permissions-broadened" || rule === "deny-weakened");
        const moves = before.environment.partition !== after.environment.partition;
        expect(serious(changes).some((found) => levelOf(RULES, found) === "breaking")).toBe(moves);
        counts[isBroader ? "broadened" : "not broadened"] += 1;
        if (isBroader) {
          // One request that the simulator allows after the change and not before.
          const requests = evidenceOf({
            deployments: [{ stack: "x", state: "changed", findings: ofUser }],
          }) as readonly DecisionRequest[];
          expect(requests).toHaveLength(1);
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
