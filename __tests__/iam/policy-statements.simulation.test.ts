import { policyDocument } from "../../src/iam/policy-document";
import { MODES, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { clusterOf, EVERYTHING, PLACE } from "../helpers/clusters";
import { abuses } from "../helpers/denied-requests";
import { neededRequests } from "../helpers/requests";
import { isAllowed, type Request } from "../helpers/simulator";

/** Clusters whose every call and every abuse is simulated, in each mode. */
const CLUSTERS = {
  "a plain one": clusterOf(),
  "one in its own network without NAT": clusterOf({ layout: "WithoutNAT" }),
  "one in an existing network": clusterOf({ existingVPCID: "vpc-0123456789abcdef0", disableDefaultSecurityGroup: true }),
  "one with a node role of its own": clusterOf({
    iamNodeRole: "dkp-node",
    iamNodeRolePath: "/apps/",
    formerIamNodeRoles: ["/old"],
  }),
  "one that does everything": EVERYTHING,
};

const PLACES = [
  PLACE,
  { ...PLACE, partition: "aws-cn", region: "cn-north-1" },
  { ...PLACE, partition: "aws-us-gov", region: "us-gov-west-1" },
];

const figures: Record<string, number> = {};
const add = (figure: string, number: number) => {
  figures[figure] = (figures[figure] ?? 0) + number;
};

const documentOf = (options: PolicyOptions) => policyDocument(policyStatements(options));

const refused = async (options: PolicyOptions, requests: readonly Request[]) => {
  const judged = await Promise.all(
    requests.map(async (request) => ({ request, allowed: await isAllowed(documentOf(options), request) })),
  );
  return judged.filter(({ allowed }) => !allowed).map(({ request }) => `${request.action} on ${request.resource}`);
};

const allowed = async (options: PolicyOptions, requests: readonly (Request & { readonly what: string })[]) => {
  const judged = await Promise.all(
    requests.map(async (request) => ({ request, allowed: await isAllowed(documentOf(options), request) })),
  );
  return judged.filter(({ allowed: is }) => is).map(({ request }) => request.what);
};

afterAll(() => {
  process.stderr.write(`policy proof: ${JSON.stringify(figures)}\n`);
});

describe.each(Object.entries(CLUSTERS))("the policy of %s", (_, cluster) => {
  it.each(MODES)("allows in mode %s every call that the cluster makes, on every kind of resource", async (mode) => {
    const requests = neededRequests(mode, true, PLACE, cluster);
    expect(requests.length).toBeGreaterThan(100);
    expect(await refused({ mode, supplement: true, place: PLACE, cluster }, requests)).toEqual([]);
    add(`${mode}: pairs allowed`, requests.length);
  });

  it.each(["scoped", "minimal"] as const)("refuses in mode %s every abuse", async (mode) => {
    const list = abuses(PLACE);
    expect(await allowed({ mode, supplement: true, place: PLACE, cluster }, list)).toEqual([]);
    add(`${mode}: abuses denied`, list.length);
  });
});

describe("the documented policy", () => {
  it("allows the abuses that the list says, and no other", async () => {
    const list = abuses(PLACE);
    expect(list.length).toBeGreaterThanOrEqual(60);
    const expected = list.filter(({ documented }) => documented).map(({ what }) => what);
    expect(await allowed({ mode: "documented", supplement: true, place: PLACE, cluster: clusterOf() }, list)).toEqual(expected);
    add("documented: abuses allowed", expected.length);
  });
});

describe.each(PLACES.slice(1))("in partition $partition", (place) => {
  it.each(["scoped", "minimal"] as const)("mode %s allows what is needed and refuses every abuse", async (mode) => {
    const options = { mode, supplement: true, place, cluster: EVERYTHING };
    expect(await refused(options, neededRequests(mode, true, place, EVERYTHING))).toEqual([]);
    expect(await allowed(options, abuses(place))).toEqual([]);
  });
});
