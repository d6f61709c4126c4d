import * as fc from "fast-check";
import { LAYOUTS } from "../../src/iam/cluster";
import { deploymentPolicies } from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { policySize } from "../../src/iam/policy-document";
import type { PolicyOptions } from "../../src/iam/policy-statements";
import { anyOptions, clusterOf, FEATURE_NAMES, UNTAGGED_MODES } from "../helpers/clusters";
import { cases, rows } from "../helpers/complete";

const ENVIRONMENTS = [
  { partition: "aws", region: "eu-central-1", account: "123456789012" },
  { partition: "aws-cn", region: "cn-north-1", account: "123456789012" },
  { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" },
];

const IDENTITY = { name: "Dkp", path: "/" };

/** Sets of features, from all to none. */
const FEATURE_SETS = rows(
  Array.from({ length: 2 ** FEATURE_NAMES.length }, (_, bits) => FEATURE_NAMES.filter((_name, at) => (bits >> at) % 2 === 0)),
  7,
);

/** Without and with the objects that add most to a policy. */
const OBJECTS = [{}, { peerAccountIds: ["222222222222"], iamNodeRole: "dkp-node-role", tags: { team: "platform" } }];

/** Counts policies by number, and finds the largest. */
class Sizes {
  readonly byCount: Record<number, number> = {};
  largest = 0;

  add(options: PolicyOptions): void {
    const sizes = deploymentPolicies(options, IDENTITY).map(({ statements }) => policySize(statements));
    this.byCount[sizes.length] = (this.byCount[sizes.length] ?? 0) + 1;
    this.largest = Math.max(this.largest, ...sizes);
  }
}

describe("the policies of a deployment", () => {
  it("are at most two of at most 6,144 characters for sets of features, in each partition, with short and long prefixes", () => {
    const found = new Sizes();
    for (const environment of ENVIRONMENTS) {
      for (const length of [3, 18, 45]) {
        for (const objects of OBJECTS) {
          for (const features of FEATURE_SETS) {
            const cluster = clusterOf({ layout: "WithNAT", prefix: "p".repeat(length), features, ...objects });
            for (const mode of ["scoped", "minimal"] as const) {
              found.add({ mode, supplement: true, environment, cluster });
            }
          }
        }
      }
    }
    process.stderr.write(`policies of ${FEATURE_SETS.length} sets of features: ${JSON.stringify(found)}\n`);
    expect(Object.keys(found.byCount)).toEqual(["1", "2"]);
    expect(found.largest).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
  });

  it("are at most two of at most 6,144 characters for random deployments in each mode and layout", () => {
    const found = new Sizes();
    fc.assert(
      fc.property(anyOptions, (options) => {
        for (const mode of UNTAGGED_MODES) {
          for (const layout of LAYOUTS) {
            found.add({ ...options, mode, cluster: { ...options.cluster, layout } });
          }
        }
      }),
      { numRuns: cases(150, 1_000) },
    );
    process.stderr.write(`policies of random deployments: ${JSON.stringify(found)}\n`);
    expect(Math.max(...Object.keys(found.byCount).map(Number))).toBe(2);
    expect(found.largest).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
  });
});
