import * as fc from "fast-check";
import { contradictions } from "../../packages/iam-no-new-access/__tests__/helpers/simulation";
import { decide } from "../../packages/iam-no-new-access/src/decide";
import type { Cluster } from "../../src/iam/cluster";
import { MODES, type Mode, policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import {
  anyOptions,
  clusterOf,
  ENVIRONMENT,
  EVERYTHING,
  optionsWith,
  wholePolicy,
} from "../helpers/clusters";
import { cases, SAMPLE } from "../helpers/complete";
import { requiredRequests } from "../helpers/required-requests";
import { type Request, requestsWith } from "../helpers/simulator";

/** Every call and every abuse is simulated for these clusters, in each mode. */
const CLUSTERS = {
  "a plain cluster": clusterOf(),
  "a cluster in its own VPC without NAT": clusterOf({ layout: "WithoutNAT" }),
  "a cluster with NAT and bastion": clusterOf({ layout: "WithNAT", bastion: true }),
  "a cluster in an existing VPC": clusterOf({ existingVPCID: "vpc-0123456789abcdef0" }),
  "a cluster with security groups of the user": clusterOf({
    existingVPCID: "vpc-0123456789abcdef0",
    disableDefaultSecurityGroup: true,
  }),
  "a cluster with iamNodeRole": clusterOf({
    iamNodeRole: "dkp-node",
    iamNodeRolePath: "/apps/",
    formerIamNodeRoles: ["/old"],
  }),
  "a cluster with every option": EVERYTHING,
  "a cluster with every option in an existing VPC": {
    ...EVERYTHING,
    existingVPCID: "vpc-0123456789abcdef0",
  },
};

const ELSEWHERE = [
  { ...ENVIRONMENT, partition: "aws-cn", region: "cn-north-1" },
  { ...ENVIRONMENT, partition: "aws-us-gov", region: "us-gov-west-1" },
];

/**
 * Simulates every call of a cluster and every abuse.
 * @returns the errors
 */
async function simulated(mode: Mode, cluster: Cluster, environment = ENVIRONMENT) {
  const options = optionsWith(mode, cluster, environment);
  const document = wholePolicy(options);
  const requests = requiredRequests(options);
  expect(requests.length).toBeGreaterThan(100);
  const open = await requestsWith(true, document, abuses(environment));
  return {
    denied: await requestsWith(false, document, requests),
    open: open.map(({ what }) => what),
  };
}

const NOTHING = { denied: [], open: [] };

describe.each(Object.entries(CLUSTERS))("the policy of %s", (_, cluster) => {
  it("allows in mode documented every call of the cluster, on every resource type", async () => {
    expect((await simulated("documented", cluster)).denied).toEqual([]);
  });

  it.each(["scoped", "minimal"] as const)(
    "allows every call of the cluster, and denies in mode %s every abuse",
    async (mode) => {
      expect(await simulated(mode, cluster)).toEqual(NOTHING);
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
      expect(await simulated(mode, EVERYTHING, environment)).toEqual(NOTHING);
    },
  );
});

const NOTHING_ALLOWED = { identity: [] };

it("the policies of any cluster are decided as the IAM simulator evaluates them", () => {
  const modes = fc.constantFrom(...MODES);
  fc.assert(
    fc.property(
      anyOptions,
      anyOptions,
      fc.boolean(),
      modes,
      modes,
      fc.nat(),
      (one, other, same, mode, former, draw) => {
        const options = [
          { ...one, mode },
          { ...(same ? one : other), mode: former },
        ];
        const [after = NOTHING_ALLOWED, before = NOTHING_ALLOWED] = options.map((each) => ({
          identity: [wholePolicy(each)],
        }));
        const known = options.flatMap((each) => [
          ...requiredRequests(each),
          ...abuses(each.environment),
        ]);
        const requests = known.map(({ context = {}, ...request }) => ({ ...request, context }));
        const drawn = [0, 1, 2, 3, 4, 5].flatMap(
          (step) => requests[(draw + step * 37) % requests.length] ?? [],
        );
        const answer = decide(after, before);
        expect(contradictions(after, before, answer, drawn)).toEqual([]);
      },
    ),
    { numRuns: cases(8, 2000), endOnFailure: true, seed: SAMPLE },
  );
});

describe("the policy of any cluster", () => {
  it("allows in minimal every call of the cluster", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, fc.nat(), async (options, draw) => {
        const requests = requiredRequests({ ...options, mode: "minimal" });
        const drawn = [0, 1, 2, 3, 4].map(
          (step) => requests[(draw + step * 37) % requests.length] as Request,
        );
        expect(
          await requestsWith(false, wholePolicy({ ...options, mode: "minimal" }), drawn),
        ).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it.each(MODES)(
    "has in mode %s valid statement IDs and sorted lists without duplicates",
    (mode) => {
      fc.assert(
        fc.property(anyOptions, (options) => {
          const statements = policyStatements({ ...options, mode });
          const sids = statements.map(({ sid }) => sid);
          expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([]);
          expect(new Set(sids).size).toBe(sids.length);
          expect(
            statements.filter(({ resources }) => new Set(resources).size < resources.length),
          ).toEqual([]);
          expect(statements.map(({ actions }) => actions)).toEqual(
            statements.map(({ actions }) => [...new Set(actions)].sort()),
          );
        }),
        { numRuns: 100 },
      );
    },
  );

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
        expect(policyStatements({ ...options, mode, cluster: reordered })).toEqual(
          policyStatements({ ...options, mode }),
        );
      }),
      { numRuns: 100 },
    );
  });
});
