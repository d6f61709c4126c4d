import * as fc from "fast-check";
import { shortened } from "../../src/iam/action-patterns";
import {
  additionalPolicyNames,
  type DeploymentPolicy,
  deploymentPolicies,
  dividedPolicies,
} from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { policySize } from "../../src/iam/policy-document";
import { type PolicyStatement, type Statement, withAccount } from "../../src/iam/policy-statement";
import { MODES, type Mode, type PolicyOptions, policyStatements, requiredStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { anyOptions, clusterOf, ENVIRONMENT, EVERYTHING, FEATURE_NAMES } from "../helpers/clusters";
import { survivorsOf } from "../helpers/mutants";
import { permissionsOf } from "../helpers/permissions";
import { requiredRequests } from "../helpers/required-requests";

it("the size of a policy counts an unknown account as 12 digits", () => {
  const options = { mode: "scoped", supplement: true, cluster: clusterOf(), environment: ENVIRONMENT } as const;
  expect(policySize(requiredStatements(options))).toBe(policySize(policyStatements(options)));
});

it.each(MODES)("the statement for allowed networks is the only difference to a policy for every network: %s", (mode) => {
  const options = { mode, supplement: true, cluster: EVERYTHING, environment: ENVIRONMENT };
  const allowedNetworks = {
    cidrs: ["203.0.113.0/24"],
    vpcs: ["vpc-0123456789abcdef0"],
    vpcEndpoints: ["vpce-0123456789abcdef0"],
  };
  expect(policyStatements({ ...options, allowedNetworks }).slice(1)).toEqual(policyStatements(options));
});

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`policy mutants killed: ${JSON.stringify(figures)}\n`);
});

describe("a test fails when a part of a policy is removed", () => {
  /** sts:GetCallerIdentity requires no permission, so no test can fail without it. The DKP documentation lists it. */
  const UNNOTICED: Readonly<Record<Mode, readonly string[]>> = {
    scoped: ["Account: sts:GetCallerIdentity", "Account: *"],
    minimal: ["Account: sts:GetCallerIdentity", "Account: *"],
    documented: ["VisualEditor0: sts:GetCallerIdentity"],
  };

  it.each(MODES)("in mode %s", async (mode) => {
    const statements = policyStatements({ mode, supplement: true, environment: ENVIRONMENT, cluster: EVERYTHING });
    const required = requiredRequests(mode, true, ENVIRONMENT, EVERYTHING);
    const denied = abuses(ENVIRONMENT).filter(({ documented }) => !(mode === "documented" && documented));
    const { mutants, survivors } = await survivorsOf(statements, { required, denied });
    expect(survivors).toEqual(UNNOTICED[mode]);
    figures[mode] = mutants.length - survivors.length;
    figures[`${mode}, of`] = mutants.length;
  });
});

const options = { mode: "minimal", supplement: true, environment: ENVIRONMENT } as const;
const US_GOV = { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" };
const IDENTITY = { name: "Dkp", path: "/" };

const policiesOf = (given: PolicyOptions) => deploymentPolicies(given, IDENTITY);
const together = (policies: readonly DeploymentPolicy[]) => permissionsOf(policies.flatMap(({ statements }) => statements));

/** The policies of a deployment, each of which fits, and which together allow exactly what it requires. */
function verified(given: PolicyOptions) {
  const policies = policiesOf(given);
  expect(Math.max(...policies.map(({ statements }) => policySize(statements)))).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
  expect(together(policies)).toEqual(permissionsOf(policyStatements(given)));
  return policies;
}

/** A deployment that requires two policies. */
const LARGER = { ...options, mode: "scoped", environment: US_GOV, cluster: { ...EVERYTHING, prefix: "p".repeat(45) } } as const;

/** Former node roles, so many that the permissions exceed one policy. */
const manyRoles = (count: number) => Array.from({ length: count }, (_, index) => `/apps/former-role-of-the-nodes-${index}`);

describe("deploymentPolicies", () => {
  it("has one policy with patterns if the full names do not fit", () => {
    const large = { ...options, cluster: clusterOf({ layout: "WithNAT", features: FEATURE_NAMES }) };
    expect(policySize(policyStatements(large))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    expect(policiesOf(large).map(({ statements }) => withAccount(statements, ENVIRONMENT.account))).toEqual([
      shortened(policyStatements(large)),
    ]);
  });

  it("has several policies with full names if patterns make no fewer", () => {
    expect(policySize(shortened(policyStatements(LARGER)))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    const policies = verified(LARGER);
    expect(policies).toHaveLength(2);
    expect(policies.flatMap(({ statements }) => statements.flatMap(({ actions }) => actions))).not.toContain("ec2:*KeyPair");
  });

  it("has the same policies with the same names for a known and an unknown account", () => {
    fc.assert(
      fc.property(anyOptions, fc.constantFrom("scoped" as const, "minimal" as const), (given, mode) => {
        const known = { ...given, mode };
        const { partition, region } = given.environment;
        expect(policiesOf({ ...known, environment: { partition, region } })).toEqual(policiesOf(known));
      }),
      { numRuns: 25 },
    );
  });

  it("allows in at most two policies of at most 6,144 characters exactly what any deployment requires", () => {
    fc.assert(
      fc.property(anyOptions, fc.constantFrom(...MODES), (given, mode) => {
        expect(verified({ ...given, mode }).length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 100 },
    );
  });

  it("names additional policies after their number, their content and their path", () => {
    const nameWith = (roles: number, path = "/") => {
      const cluster = clusterOf({ formerIamNodeRoles: manyRoles(roles) });
      return deploymentPolicies({ ...options, cluster }, { name: "Dkp", path })[1]?.name ?? "";
    };
    expect(nameWith(60)).toMatch(/^Dkp-2-[0-9a-f]{8}$/);
    expect(nameWith(60)).toBe(nameWith(60));
    expect(new Set([nameWith(60), nameWith(61), nameWith(60, "/dkp/")]).size).toBe(3);
    expect(nameWith(60)).toHaveLength(additionalPolicyNames("Dkp").length);
  });
});

it("a Deny for other networks is never divided, because each part would deny the networks of the other ones", () => {
  const cidrs = Array.from({ length: 400 }, (_, index) => `203.${index % 256}.${Math.floor(index / 256)}.0/24`);
  const allowedNetworks = { cidrs, vpcs: [], vpcEndpoints: [] };
  const [deny] = policyStatements({ ...options, cluster: clusterOf(), allowedNetworks });
  expect(dividedPolicies(deny === undefined ? [] : [deny])).toEqual([[deny]]);
});

describe("dividedPolicies", () => {
  const statement = (given: Partial<PolicyStatement>): PolicyStatement => ({
    sid: "Ec2",
    actions: ["ec2:CreateVpc"],
    resources: ["*"],
    conditions: [],
    ...given,
  });
  const many = (what: string) => Array.from({ length: 400 }, (_, index) => `${what}${index}`);
  /** Statements that together have a size: all but the last one are short. */
  const ofSize = (size: number, ...others: readonly Statement[]): readonly Statement[] => {
    const padded = (length: number) => statement({ sid: "Last", actions: [`ec2:${"a".repeat(length)}`] });
    return [...others, padded(size - policySize([...others, padded(0)]))];
  };

  it.each([
    [MAX_POLICY_CHARACTERS - 1, 1],
    [MAX_POLICY_CHARACTERS, 1],
    [MAX_POLICY_CHARACTERS + 1, 2],
  ])("makes of two statements with together %d characters %d policies", (size, count) => {
    const statements = ofSize(size, statement({}));
    expect(policySize(statements)).toBe(size);
    expect(dividedPolicies(statements)).toHaveLength(count);
  });

  it("puts each statement into the first policy with space for it", () => {
    const half = (sid: string) => statement({ sid, actions: [`ec2:${"a".repeat(3500)}`] });
    const small = (sid: string) => statement({ sid, actions: [`ec2:${"a".repeat(500)}`] });
    const policies = dividedPolicies([half("A"), half("B"), small("C"), half("D"), small("E")]);
    expect(policies.map((policy) => policy.map(({ sid }) => sid))).toEqual([["A", "C", "E"], ["B"], ["D"]]);
  });

  it.each([
    ["actions", statement({ actions: many("ec2:Action-of-a-long-name") })],
    ["resources", statement({ resources: many("arn:aws:ec2:eu-central-1:123456789012:vpc/") })],
    [
      "condition values",
      statement({
        conditions: [
          { test: "ArnEquals", variable: "ec2:AccepterVpc", values: many("arn:aws:ec2:eu-central-1:123456789012:vpc/") },
          { test: "StringEquals", variable: "aws:RequestedRegion", values: ["eu-central-1"] },
        ],
      }),
    ],
  ])("divides a statement that exceeds a policy at its list of %s", (_what, large) => {
    const policies = dividedPolicies([large]);
    expect(policies.length).toBeGreaterThan(1);
    expect(policies.map(policySize).filter((size) => size > MAX_POLICY_CHARACTERS)).toEqual([]);
    expect(permissionsOf(policies.flat())).toEqual(permissionsOf([large]));
    const sids = policies.flat().map(({ sid }) => sid);
    expect(sids).toEqual(sids.map((_, index) => `Ec2${index + 1}`));
  });

  it("divides a statement as soon as it has no space for the number of a part", () => {
    const two = (length: number) => statement({ actions: ["ec2:A", `ec2:${"a".repeat(length)}`] });
    const longest = MAX_POLICY_CHARACTERS - "999".length - policySize([two(0)]);
    expect(dividedPolicies([two(longest)]).flat()).toHaveLength(1);
    expect(dividedPolicies([two(longest + 1)]).flat()).toHaveLength(2);
  });

  it("keeps a statement whole whose only long list has to match completely", () => {
    const large = statement({
      conditions: [{ test: "ForAllValues:StringEquals", variable: "aws:TagKeys", values: many("a-tag-key-of-some-length-") }],
    });
    expect(dividedPolicies([large])).toEqual([[large]]);
  });
});
