import { policyDocument } from "../../src/iam/policy-document";
import { type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { clusterOf, ENVIRONMENT, EVERYTHING } from "../helpers/clusters";
import { requiredRequests } from "../helpers/required-requests";
import { isAllowed, type Request } from "../helpers/simulator";

/** The clusters for which every call and every abuse is simulated, in each mode. */
const CLUSTERS = {
  "a plain cluster": clusterOf(),
  "a cluster in its own VPC without NAT": clusterOf({ layout: "WithoutNAT" }),
  "a cluster in an existing VPC": clusterOf({ existingVPCID: "vpc-0123456789abcdef0", disableDefaultSecurityGroup: true }),
  "a cluster with iamNodeRole": clusterOf({ iamNodeRole: "dkp-node", iamNodeRolePath: "/apps/", formerIamNodeRoles: ["/old"] }),
  "a cluster with every option": EVERYTHING,
};

const ENVIRONMENTS = [
  ENVIRONMENT,
  { ...ENVIRONMENT, partition: "aws-cn", region: "cn-north-1" },
  { ...ENVIRONMENT, partition: "aws-us-gov", region: "us-gov-west-1" },
];

const figures: Record<string, number> = {};
const add = (figure: string, number: number) => {
  figures[figure] = (figures[figure] ?? 0) + number;
};

const documentOf = (options: PolicyOptions) => policyDocument(policyStatements(options));

const denied = async (options: PolicyOptions, requests: readonly Request[]) => {
  const answers = await Promise.all(
    requests.map(async (request) => ({ request, allowed: await isAllowed(documentOf(options), request) })),
  );
  return answers.filter(({ allowed }) => !allowed).map(({ request }) => `${request.action} on ${request.resource}`);
};

const allowed = async (options: PolicyOptions, requests: readonly (Request & { readonly what: string })[]) => {
  const answers = await Promise.all(
    requests.map(async (request) => ({ request, allowed: await isAllowed(documentOf(options), request) })),
  );
  return answers.filter(({ allowed: is }) => is).map(({ request }) => request.what);
};

afterAll(() => {
  process.stderr.write(`policy proof: ${JSON.stringify(figures)}\n`);
});

describe.each(Object.entries(CLUSTERS))("the policy of %s", (_, cluster) => {
  it.each(["documented", "scoped", "minimal"] as const)(
    "allows in mode %s every call of the cluster, on every resource type",
    async (mode) => {
      const requests = requiredRequests(mode, true, ENVIRONMENT, cluster);
      expect(requests.length).toBeGreaterThan(100);
      expect(await denied({ mode, supplement: true, environment: ENVIRONMENT, cluster }, requests)).toEqual([]);
      add(`${mode}: pairs allowed`, requests.length);
    },
  );

  it.each(["scoped", "minimal"] as const)("denies in mode %s every abuse", async (mode) => {
    const list = abuses(ENVIRONMENT);
    expect(await allowed({ mode, supplement: true, environment: ENVIRONMENT, cluster }, list)).toEqual([]);
    add(`${mode}: abuses denied`, list.length);
  });
});

describe("the documented policy", () => {
  it("allows exactly the abuses that are listed as allowed", async () => {
    const list = abuses(ENVIRONMENT);
    expect(list.length).toBeGreaterThanOrEqual(60);
    const expected = list.filter(({ documented }) => documented).map(({ what }) => what);
    expect(await allowed({ mode: "documented", supplement: true, environment: ENVIRONMENT, cluster: clusterOf() }, list)).toEqual(
      expected,
    );
    add("documented: abuses allowed", expected.length);
  });
});

describe.each(ENVIRONMENTS.slice(1))("in partition $partition", (environment) => {
  it.each(["scoped", "minimal"] as const)("mode %s allows every call of the cluster and denies every abuse", async (mode) => {
    const options = { mode, supplement: true, environment, cluster: EVERYTHING };
    expect(await denied(options, requiredRequests(mode, true, environment, EVERYTHING))).toEqual([]);
    expect(await allowed(options, abuses(environment))).toEqual([]);
  });
});
