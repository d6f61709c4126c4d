import * as fc from "fast-check";
import { policyDocument, policySize } from "../../src/iam/policy-document";
import { MODES, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { anyOptions } from "../helpers/clusters";
import { abuses } from "../helpers/denied-requests";
import { neededRequests } from "../helpers/requests";
import { isAllowed, type Request } from "../helpers/simulator";

const documentOf = (options: PolicyOptions) => policyDocument(policyStatements(options));

/** The items of one list that another lacks: `expect.arrayContaining` takes the square of the time for it. */
const without = (items: readonly string[], others: readonly string[] = []) => {
  const known = new Set(others);
  return items.filter((item) => !known.has(item));
};

const largest: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`largest policies drawn, in characters: ${JSON.stringify(largest)}\n`);
});

describe("over any cluster", () => {
  it("minimal allows no more than scoped, and scoped no more than documented with its supplement", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const [documented, scoped, minimal] = MODES.map((mode) => policyStatements({ ...options, supplement: true, mode }));
        // All are Allow, so a statement that is there with no fewer actions, on the same resources and conditions, allows no less.
        for (const { sid, actions, resources, conditions } of minimal ?? []) {
          const wider = scoped?.find((statement) => statement.sid === sid);
          expect(wider).toMatchObject({ resources, conditions });
          expect(without(actions, wider?.actions)).toEqual([]);
        }
        const everything = documented?.flatMap(({ actions }) => actions);
        expect(documented?.every(({ resources, conditions }) => resources[0] === "*" && conditions.length === 0)).toBe(true);
        expect(without(scoped?.flatMap(({ actions }) => actions) ?? [], everything)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("and over drawn calls, the simulator agrees", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), async (options, draws) => {
        const requests = [...neededRequests("scoped", true, options.place, options.cluster), ...abuses(options.place)];
        for (const draw of draws) {
          const request = requests[draw % requests.length] as Request;
          const [documented, scoped, minimal] = await Promise.all(
            MODES.map((mode) => isAllowed(documentOf({ ...options, supplement: true, mode }), request)),
          );
          expect([!minimal || scoped, !scoped || documented]).toEqual([true, true]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("every call that it makes is allowed in minimal", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, fc.nat(), async (options, draw) => {
        const requests = neededRequests("minimal", options.supplement, options.place, options.cluster);
        const drawn = [0, 1, 2, 3, 4].map((step) => requests[(draw + step * 37) % requests.length] as Request);
        for (const request of drawn) {
          expect([request, await isAllowed(documentOf({ ...options, mode: "minimal" }), request)]).toEqual([request, true]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each(MODES)("mode %s has valid statement ids, and lists without duplicates in AWS's order", (mode) => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const statements = policyStatements({ ...options, mode });
        const sids = statements.map(({ sid }) => sid);
        expect(sids.every((sid) => /^[A-Za-z0-9]+$/.test(sid))).toBe(true);
        expect(new Set(sids).size).toBe(sids.length);
        for (const { actions, resources } of statements) {
          expect(new Set(actions).size).toBe(actions.length);
          expect(new Set(resources).size).toBe(resources.length);
          expect(actions).toEqual([...actions].sort());
        }
        largest[mode] = Math.max(policySize(statements), largest[mode] ?? 0);
      }),
      { numRuns: 100 },
    );
  });

  it("is the same whatever order the lists are in", () => {
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
