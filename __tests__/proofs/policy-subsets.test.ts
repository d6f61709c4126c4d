import * as fc from "fast-check";
import { KNOWN_ACTIONS } from "../../src/cli/diff/policies";
import { controlPolicy } from "../../src/cli/iam/service-control-policy";
import { comparisonOf, decide, subset } from "../../src/decision/decide";
import type { Side } from "../../src/decision/model";
import { deploymentPolicies } from "../../src/iam/deployment-policies";
import { policyDocument } from "../../src/iam/policy-document";
import { MODES, type Mode, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { contradictions } from "../decision/simulation";
import { abuses } from "../helpers/abuses";
import { anyOptions, clusterOf, ENVIRONMENT, EVERYTHING } from "../helpers/clusters";
import { cases, SAMPLE } from "../helpers/complete";
import { requiredRequests } from "../helpers/required-requests";

const NOTHING: Side = { identity: [] };

type Options = Omit<PolicyOptions, "mode">;

const sideOf = (mode: Mode, options: Options): Side => ({ identity: [policyDocument(policyStatements({ ...options, mode }))] });

const FULL_ACCESS = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };

const CLUSTERS = {
  "a plain cluster": clusterOf(),
  "a cluster with everything": EVERYTHING,
  "a cluster without NAT": clusterOf({ layout: "WithoutNAT", prefix: "prod" }),
};
describe.each(Object.entries(CLUSTERS))("the policies of %s", (_, cluster) => {
  it("allow no more with the control policy than without it", () => {
    const options = { supplement: true, environment: ENVIRONMENT, cluster };
    const policy = controlPolicy({ ...options, mode: "documented", user: "/deckhouse", additionalRolePolicies: [] });
    const free = sideOf("documented", options);
    const bound = { ...free, controlPolicies: [[FULL_ACCESS, policy]] };
    const { added, removed } = comparisonOf(free, bound);
    expect(removed()).toEqual({ kind: "nothing-new" });
    expect(added()).toMatchObject({
      kind: "new-request",
      request: { context: { "aws:PrincipalArn": expect.stringContaining("arn:aws:iam::123456789012:") } },
    });
  });
});

describe("the policies of any cluster", () => {
  it("are decided as the IAM simulator evaluates them", () => {
    const modes = fc.constantFrom(...MODES);
    fc.assert(
      fc.property(anyOptions, anyOptions, fc.boolean(), modes, modes, fc.nat(), (one, other, same, mode, former, draw) => {
        const options = [
          { ...one, mode },
          { ...(same ? one : other), mode: former },
        ];
        const [after = NOTHING, before = NOTHING] = options.map((each) => sideOf(each.mode, each));
        const known = options.flatMap(({ mode: of, supplement, environment, cluster }) => [
          ...requiredRequests(of, supplement, environment, cluster),
          ...abuses(environment),
        ]);
        const requests = known.map(({ context = {}, ...request }) => ({ ...request, context }));
        const drawn = [0, 1, 2, 3, 4, 5].flatMap((step) => requests[(draw + step * 37) % requests.length] ?? []);
        const answer = decide(after, before);
        expect(contradictions(after, before, answer, drawn)).toEqual([]);
      }),
      { numRuns: cases(8, 2000), endOnFailure: true, seed: SAMPLE },
    );
  });

  it("allow together exactly what the undivided statements allow", () => {
    const counts: Record<string, number> = {};
    fc.assert(
      fc.property(anyOptions, fc.constantFrom(...MODES), (options, mode) => {
        const policies = deploymentPolicies({ ...options, mode }, "Dkp");
        const divided: Side = { identity: policies.map(({ statements }) => policyDocument(statements, "123456789012")) };
        const { added, removed } = comparisonOf(divided, sideOf(mode, options), { actions: KNOWN_ACTIONS });
        expect([added().kind, removed().kind]).toEqual(["nothing-new", "nothing-new"]);
        counts[policies.length] = (counts[policies.length] ?? 0) + 1;
      }),
      { numRuns: cases(40, 2000), seed: SAMPLE },
    );
    process.stderr.write(`deployments by number of policies: ${JSON.stringify(counts)}\n`);
  });

  it("are subsets of each other: minimal of scoped of documented", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const supplemented = { ...options, supplement: true };
        expect(subset(sideOf("minimal", supplemented), sideOf("scoped", supplemented))).toBe(true);
        const { added, removed } = comparisonOf(sideOf("scoped", supplemented), sideOf("documented", supplemented));
        expect([added().kind, removed().kind]).toEqual(["nothing-new", "new-request"]);
        expect(subset(sideOf("minimal", { ...options, supplement: false }), sideOf("minimal", supplemented))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a Deny for other networks", () => {
  const options = { supplement: true, environment: ENVIRONMENT, cluster: clusterOf() };
  const none = { cidrs: [], vpcs: [], vpcEndpoints: [] };
  const cidrs = { ...none, cidrs: ["203.0.113.0/24"] };
  const restricted = (allowedNetworks: NonNullable<Options["allowedNetworks"]>) =>
    sideOf("scoped", { ...options, allowedNetworks });

  it("only narrows the policy", () => {
    expect(decide(sideOf("scoped", options), restricted(cidrs))).toMatchObject({ kind: "new-request" });
    expect(decide(restricted(cidrs), sideOf("scoped", options))).toEqual({ kind: "nothing-new" });
  });

  it.each([
    ["another address", { ...none, cidrs: ["198.51.100.7/32", "203.0.113.0/24"] }],
    ["a larger block", { ...none, cidrs: ["203.0.112.0/23"] }],
    ["a VPC", { ...cidrs, vpcs: ["vpc-0123456789abcdef0"] }],
    ["a VPC endpoint", { ...cidrs, vpcEndpoints: ["vpce-0123456789abcdef0"] }],
  ])("is narrowed by %s, which allows new requests", (_, wider) => {
    const { added, removed } = comparisonOf(restricted(wider), restricted(cidrs));
    expect(added()).toMatchObject({ kind: "new-request" });
    expect(removed()).toEqual({ kind: "nothing-new" });
  });
});
