import { decide } from "../../src/decision/decide";
import { LAYOUTS } from "../../src/iam/cluster";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { policyDocument, policySize } from "../../src/iam/policy-document";
import { type Mode, policyStatements, requiredStatements } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, FEATURE_NAMES, inMode } from "../helpers/clusters";
import { rows } from "../helpers/complete";
import { UUID, VPC } from "../helpers/tagged-requests";

/** From all features to none. */
const FEATURE_SETS = rows(
  Array.from({ length: 2 ** FEATURE_NAMES.length }, (_, bits) => FEATURE_NAMES.filter((_name, at) => (bits >> at) % 2 === 0)),
  25,
);
const KNOWN = {
  "before the bootstrap": {},
  "with UUID and VPC": { uuid: UUID, vpcId: VPC },
  "with UUID and existing VPC": { uuid: UUID, existingVPCID: VPC },
};

describe.each(LAYOUTS)("for sets of features, layout %s", (layout) => {
  it.each(Object.entries(KNOWN))("strict allows at most what minimal allows, in at most three policies, %s", (name, known) => {
    const sizes: number[] = [];
    for (const features of FEATURE_SETS) {
      const cluster = clusterOf({ layout, bastion: layout === "WithNAT", features, ...known });
      const options = inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster });
      const side = (mode: Mode) => ({ identity: [policyDocument(policyStatements({ ...options, mode }))] });
      expect([features, decide(side("strict"), side("minimal"))]).toEqual([features, { kind: "nothing-new" }]);
      const policies = dividedPolicies(requiredStatements(options));
      // First fit needs a third policy where the sum is close to two.
      expect([2, 3]).toContain(policies.length);
      expect(Math.max(...policies.map(policySize))).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
      sizes.push(policies.map(policySize).reduce((sum, size) => sum + size));
    }
    process.stderr.write(
      `strict, ${layout}, ${name}: ${Math.min(...sizes)} to ${Math.max(...sizes)} characters in at most three policies\n`,
    );
  });
});
