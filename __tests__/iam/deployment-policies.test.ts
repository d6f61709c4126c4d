import * as fc from "fast-check";
import { shortened } from "../../src/iam/action-patterns";
import type { Feature } from "../../src/iam/catalogue";
import { deploymentPolicies, policyName, splitPolicy } from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { policySize } from "../../src/iam/policy-document";
import { type PolicyStatement, policyStatements } from "../../src/iam/policy-statements";
import { anyOptions, clusterOf, ENVIRONMENT, EVERYTHING, FEATURE_NAMES } from "../helpers/clusters";

const options = { mode: "minimal", supplement: true, environment: ENVIRONMENT } as const;
const US_GOV = { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" };

/** Each permission of statements: one action on one resource under one combination of condition values. */
function permissionsOf(statements: readonly PolicyStatement[]): ReadonlySet<string> {
  const combined = (conditions: PolicyStatement["conditions"]): readonly string[] =>
    conditions.reduce<readonly string[]>(
      (all, { test, variable, values }) => {
        const each = test.startsWith("ForAllValues:") ? [values.join()] : values;
        return all.flatMap((before) => each.map((value) => `${before} ${test} ${variable} ${value}`));
      },
      [""],
    );
  return new Set(
    statements.flatMap(({ actions, resources, conditions }) =>
      actions.flatMap((action) =>
        resources.flatMap((resource) => combined(conditions).map((condition) => `${action} ${resource}${condition}`)),
      ),
    ),
  );
}

/** A list of 60 former node roles, which requires two policies. */
const manyRoles = (count: number) => Array.from({ length: count }, (_, index) => `/apps/former-role-of-the-nodes-${index}`);

describe("deploymentPolicies", () => {
  it("has one policy with full names if they fit", () => {
    const plain = { ...options, cluster: clusterOf() };
    expect(deploymentPolicies(plain)).toEqual([policyStatements(plain)]);
  });

  it("has one policy with patterns if the full names do not fit", () => {
    const large = { ...options, cluster: clusterOf({ layout: "WithNAT", features: FEATURE_NAMES }) };
    expect(policySize(policyStatements(large))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    expect(deploymentPolicies(large)).toEqual([shortened(policyStatements(large))]);
  });

  it("has two policies with full names if the patterns do not fit either", () => {
    const larger = {
      ...options,
      mode: "scoped",
      environment: US_GOV,
      cluster: { ...EVERYTHING, prefix: "p".repeat(45) },
    } as const;
    expect(policySize(shortened(policyStatements(larger)))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    const policies = deploymentPolicies(larger);
    expect(policies.map((policy) => policy.map(({ sid }) => sid))).toEqual([
      ["Account", "Read", "Ec2", "Snapshots", "KeyPair", "RunInstances", "PeeringVpcs", "Peerings"],
      [
        "LoadBalancers",
        "NetworkLoadBalancers",
        "KeysOfDisks",
        "GrantsOnKeys",
        "NodeRole",
        "NodeRoleTags",
        "OtherNodeRoles",
        "PassNodeRole",
        "ServiceLinkedRoles",
      ],
    ]);
    expect(policies.flat()).toEqual(policyStatements(larger));
  });

  it.each(["ACCOUNT_ID", " ", "$" + "{data.aws_caller_identity.current.account_id}"])(
    "divides the permissions in the same way for any placeholder of the account: %s",
    (account) => {
      fc.assert(
        fc.property(anyOptions, fc.constantFrom("scoped" as const, "minimal" as const), ({ cluster }, mode) => {
          const actions = (each: string) =>
            deploymentPolicies({ ...options, mode, cluster, environment: { ...US_GOV, account: each } }).map((policy) =>
              policy.map(({ sid, actions: names }) => [sid, names]),
            );
          expect(actions(account)).toEqual(actions("123456789012"));
        }),
        { numRuns: 25 },
      );
    },
  );

  it("fills in the account wherever the statements name it", () => {
    const account = "$" + "{data.aws_caller_identity.current.account_id}";
    const given = { ...options, mode: "scoped", cluster: { ...EVERYTHING, prefix: "p".repeat(45) } } as const;
    const policies = deploymentPolicies({ ...given, environment: { ...US_GOV, account } });
    expect(policies).toHaveLength(2);
    expect(policies.flat()).toEqual(policyStatements({ ...given, environment: { ...US_GOV, account } }));
  });

  it("allows in at most two policies of at most 6,144 characters exactly what any deployment requires", () => {
    fc.assert(
      fc.property(anyOptions, fc.constantFrom("documented", "scoped", "minimal"), (given, mode) => {
        const whole = { ...given, mode } as const;
        const policies = deploymentPolicies(whole);
        expect(policies.length).toBeLessThanOrEqual(2);
        expect(policies.map(policySize).filter((size) => size > MAX_POLICY_CHARACTERS)).toEqual([]);
        // A test of action-patterns compares the patterns with the names that they replace.
        const statements = policyStatements(whole);
        const expected =
          policies.length === 1 && policySize(statements) > MAX_POLICY_CHARACTERS ? shortened(statements) : statements;
        expect(permissionsOf(policies.flat())).toEqual(permissionsOf(expected));
      }),
      { numRuns: 100 },
    );
  });

  it("moves no statement between two policies when a feature is added or removed", () => {
    const cluster = { ...EVERYTHING, prefix: "p".repeat(45), features: [] as readonly Feature[] };
    const homes = new Map<string, number>();
    const counts = FEATURE_NAMES.map((feature) => {
      const policies = deploymentPolicies({
        ...options,
        mode: "scoped",
        environment: US_GOV,
        cluster: { ...cluster, features: [feature, "encrypted-volumes", "volume-snapshots"] },
      });
      policies.forEach((policy, index) => {
        for (const { sid } of policies.length === 2 ? policy : []) {
          expect([sid, homes.get(sid) ?? index]).toEqual([sid, index]);
          homes.set(sid, index);
        }
      });
      return policies.length;
    });
    expect(counts).toContain(2);
  });
});

describe("a Deny for other networks", () => {
  const cidrs = Array.from({ length: 200 }, (_, index) => `203.0.${index}.0/24`);
  const networks = { cidrs, vpcs: ["vpc-0123456789abcdef0"], vpcEndpoints: [] };

  it.each([1, 20, 200])("is whole in the first policy with %d addresses", (length) => {
    const given = {
      ...options,
      mode: "scoped",
      environment: US_GOV,
      cluster: { ...EVERYTHING, prefix: "p".repeat(45) },
      allowedNetworks: { ...networks, cidrs: cidrs.slice(0, length) },
    } as const;
    const policies = deploymentPolicies(given);
    expect(policies.length).toBeGreaterThan(1);
    expect(policies.map(policySize).filter((size) => size > MAX_POLICY_CHARACTERS)).toEqual([]);
    expect(policies[0]?.[0]).toEqual(policyStatements(given)[0]);
    expect(policies.flat().filter(({ effect }) => effect === "Deny")).toHaveLength(1);
    expect(permissionsOf(policies.flat())).toEqual(permissionsOf(policyStatements(given)));
  });

  it("is never divided, because each part would deny the networks of the other ones", () => {
    const [deny] = policyStatements({
      ...options,
      cluster: clusterOf(),
      allowedNetworks: { ...networks, cidrs: [...cidrs, ...cidrs.map((cidr) => cidr.replace("203.0", "198.51"))] },
    });
    expect(splitPolicy(deny === undefined ? [] : [deny])).toEqual([[deny]]);
  });
});

describe("splitPolicy", () => {
  const statement = (given: Partial<PolicyStatement>): PolicyStatement => ({
    sid: "Ec2",
    actions: ["ec2:CreateVpc"],
    resources: ["*"],
    conditions: [],
    ...given,
  });
  const many = (what: string) => Array.from({ length: 400 }, (_, index) => `${what}${index}`);

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
    const policies = splitPolicy([large]);
    expect(policies.length).toBeGreaterThan(1);
    expect(policies.map(policySize).filter((size) => size > MAX_POLICY_CHARACTERS)).toEqual([]);
    expect(permissionsOf(policies.flat())).toEqual(permissionsOf([large]));
    const sids = policies.flat().map(({ sid }) => sid);
    expect(sids).toEqual(sids.map((_, index) => `Ec2${index + 1}`));
  });

  it("keeps a statement whole whose only long list has to match completely", () => {
    const large = statement({
      conditions: [{ test: "ForAllValues:StringEquals", variable: "aws:TagKeys", values: many("a-tag-key-of-some-length-") }],
    });
    expect(splitPolicy([large])).toEqual([[large]]);
  });

  it("puts into the third policy what exceeds the first", () => {
    const policies = splitPolicy([
      statement({ actions: many("ec2:Action-of-a-name") }),
      statement({ sid: "NodeRole", actions: ["iam:GetRole"] }),
    ]);
    expect(policies.map((policy) => policy.map(({ sid }) => sid))).toEqual([["Ec21"], ["NodeRole"], ["Ec22"]]);
  });

  it("divides the roles of many former node groups", () => {
    const given = { ...options, cluster: clusterOf({ formerIamNodeRoles: manyRoles(300) }) };
    const policies = deploymentPolicies(given);
    expect(policies.length).toBeGreaterThan(2);
    expect(policies.map(policySize).filter((size) => size > MAX_POLICY_CHARACTERS)).toEqual([]);
    expect(permissionsOf(policies.flat())).toEqual(permissionsOf(policyStatements(given)));
  });
});

describe("policyName", () => {
  it("is the name of the settings for the first policy, and has a number for further ones", () => {
    expect([1, 2, 10].map((number) => policyName("Dkp", number))).toEqual(["Dkp", "Dkp-2", "Dkp-10"]);
  });
});
