import * as fc from "fast-check";
import { CATALOGUE } from "../../src/iam/catalogue";
import {
  type DeploymentPolicy,
  deploymentPolicies,
  dividedPolicies,
} from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { type PolicyStatement, policyDocument, policySize } from "../../src/iam/policy-document";
import {
  grantedRows,
  MODES,
  type PolicyOptions,
  policyStatements,
  requiredStatements,
} from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { anyOptions, clusterOf, ENVIRONMENT, EVERYTHING, optionsWith } from "../helpers/clusters";
import { permissionsOf } from "../helpers/permissions";
import { requiredRequests } from "../helpers/required-requests";
import { isAllowed, type Request } from "../helpers/simulator";

it("the size of a policy counts an unknown account as 12 digits", () => {
  const options = optionsWith("scoped");
  expect(policySize(requiredStatements(options))).toBe(policySize(policyStatements(options)));
});

it("a policy does not depend on the order of the tags in the settings", () => {
  const ordered = (...keys: readonly string[]) =>
    policyStatements(
      optionsWith("scoped", {
        ...EVERYTHING,
        tags: Object.fromEntries(keys.map((key) => [key, "a"])),
      }),
    );
  expect(ordered("team", "cost")).toEqual(ordered("cost", "team"));
});

it.each(MODES)(
  "the statement for allowed networks is the only difference to a policy for every network: %s",
  (mode) => {
    const options = optionsWith(mode, EVERYTHING);
    const allowedNetworks = {
      cidrs: ["203.0.113.0/24"],
      vpcs: ["vpc-0123456789abcdef0"],
      vpcEndpoints: ["vpce-0123456789abcdef0"],
    };
    expect(policyStatements({ ...options, allowedNetworks }).slice(1)).toEqual(
      policyStatements(options),
    );
  },
);

it.each([
  [
    {},
    "ec2:AcceptVpcPeeringConnection ec2:CreateVpcPeeringConnection ec2:DeleteVpcPeeringConnection iam:TagRole kms:DescribeKey",
  ],
  [{ peeredVPCs: ["vpc-0123456789abcdef0"], tags: { team: "a" } }, "kms:DescribeKey"],
])(
  "mode scoped omits the documented actions that the settings leave nothing to apply to: %j",
  (cluster, omitted) => {
    const granted = grantedRows(optionsWith("scoped", clusterOf(cluster)));
    const left = CATALOGUE.filter((row) => row.documented && !granted.includes(row));
    expect(left.map(({ action }) => action)).toEqual(omitted.split(" "));
  },
);

/**
 * Every policy that lacks one action, one resource, one condition or one of several values of a
 * condition.
 */
function mutantsOf(statements: readonly PolicyStatement[]) {
  return statements.flatMap((statement, at) => {
    const { sid, actions, resources, conditions } = statement;
    const mutant = (part: string, changed: Partial<PolicyStatement>, concerned = actions) => ({
      name: `${sid}: ${part}`,
      statements: statements
        .with(at, { ...statement, ...changed })
        .filter((one) => one.actions.length > 0 && one.resources.length > 0),
      actions: concerned,
    });
    return [
      ...actions.map((action) => mutant(action, { actions: without(actions, action) }, [action])),
      ...resources.map((resource) => mutant(resource, { resources: without(resources, resource) })),
      ...conditions.flatMap((condition) => [
        mutant(`${condition.test} ${condition.variable}`, {
          conditions: without(conditions, condition),
        }),
        ...(condition.values.length > 1 ? condition.values : []).map((value) =>
          mutant(`${condition.variable} ${value}`, {
            conditions: [
              ...without(conditions, condition),
              { ...condition, values: without(condition.values, value) },
            ],
          }),
        ),
      ]),
    ];
  });
}

/** Mutants that allow every required request and no denied one, so that no test notices them. */
async function survivorsOf(
  statements: readonly PolicyStatement[],
  {
    required,
    denied,
  }: { readonly required: readonly Request[]; readonly denied: readonly Request[] },
) {
  const survivors: string[] = [];
  for (const { name, statements: mutated, actions } of mutantsOf(statements)) {
    const document = policyDocument(mutated);
    const isAnswered = async (requests: readonly Request[], answer: boolean) => {
      for (const request of requests.filter(({ action }) => actions.includes(action))) {
        if ((await isAllowed(document, request)) !== answer) {
          return false;
        }
      }
      return true;
    };
    if ((await isAnswered(required, true)) && (await isAnswered(denied, false))) {
      survivors.push(name);
    }
  }
  return survivors;
}

function without<Item>(list: readonly Item[], item: Item) {
  return list.filter((other) => other !== item);
}

describe("a test fails when a part of a policy is removed", () => {
  /**
   * sts:GetCallerIdentity requires no permission, so no test can fail without it. The DKP
   * documentation lists it.
   */
  const UNNOTICED = {
    scoped: ["Account: sts:GetCallerIdentity", "Account: *"],
    minimal: ["Account: sts:GetCallerIdentity", "Account: *"],
    documented: ["VisualEditor0: sts:GetCallerIdentity"],
  };

  it.each(MODES)("in mode %s", async (mode) => {
    const options = optionsWith(mode, EVERYTHING);
    const required = requiredRequests(options);
    const denied = abuses(ENVIRONMENT).filter(
      ({ documented }) => !(mode === "documented" && documented),
    );
    expect(await survivorsOf(policyStatements(options), { required, denied })).toEqual(
      UNNOTICED[mode],
    );
  });
});

const policiesOf = (given: PolicyOptions) => deploymentPolicies(given, "Dkp");
const together = (policies: readonly DeploymentPolicy[]) =>
  permissionsOf(policies.flatMap(({ statements }) => statements));

/** Each policy of a deployment fits, and together they allow exactly the required permissions. */
function verified(given: PolicyOptions) {
  const policies = policiesOf(given);
  expect(Math.max(...policies.map(({ statements }) => policySize(statements)))).toBeLessThanOrEqual(
    MAX_POLICY_CHARACTERS,
  );
  expect(together(policies)).toEqual(permissionsOf(policyStatements(given)));
  return policies;
}

/** A cluster with the longest policies. */
const LARGEST = { ...EVERYTHING, prefix: "p".repeat(45) };

describe("deploymentPolicies", () => {
  it("has one policy in mode documented", () => {
    const given = optionsWith("documented", EVERYTHING);
    expect(policiesOf(given)).toEqual([
      { number: 1, name: "Dkp", statements: requiredStatements(given) },
    ]);
  });

  it.each(["scoped", "minimal"] as const)(
    "has one policy of EC2 and one of all other services, with full names: %s",
    (mode) => {
      const policies = verified(optionsWith(mode, LARGEST));
      expect(policies.map(({ number, name }) => [number, name])).toEqual([
        [1, "Dkp"],
        [2, "Dkp-2"],
      ]);
      const services = policies.map(({ statements }) => [
        ...new Set(
          statements.flatMap(({ actions }) => actions.map((action) => action.split(":")[0])),
        ),
      ]);
      expect(services).toEqual([["ec2"], expect.not.arrayContaining(["ec2"])]);
      expect(
        policies.flatMap(({ statements }) => statements.flatMap(({ actions }) => actions)).join(),
      ).not.toContain("*");
    },
  );

  it("has the Deny of other networks in the first policy, in every mode", () => {
    const allowedNetworks = { cidrs: ["203.0.113.0/24"], vpcs: [], vpcEndpoints: [] };
    for (const mode of MODES) {
      const policies = verified({ ...optionsWith(mode, LARGEST), allowedNetworks });
      expect(
        policies.map(
          ({ statements }) => statements.filter(({ effect }) => effect === "Deny").length,
        ),
      ).toEqual(policies.map(({ number }) => (number === 1 ? 1 : 0)));
    }
  });

  it("has the same policies with the same names for a known and an unknown account", () => {
    fc.assert(
      fc.property(
        anyOptions,
        fc.constantFrom("scoped" as const, "minimal" as const),
        (given, mode) => {
          const known = { ...given, mode };
          const { partition, region } = given.environment;
          expect(policiesOf({ ...known, environment: { partition, region } })).toEqual(
            policiesOf(known),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it("allows in policies of at most 6,144 characters exactly what any deployment requires", () => {
    fc.assert(
      fc.property(anyOptions, fc.constantFrom(...MODES), (given, mode) => {
        expect(verified({ ...given, mode })).toHaveLength(mode === "documented" ? 1 : 2);
      }),
      { numRuns: 100 },
    );
  });
});

it("dividedPolicies divides a statement about several services between them, under the same statement ID", () => {
  const statement = (actions: readonly string[], sid = "Ec2") => ({
    sid,
    actions,
    resources: ["*"],
    conditions: [],
  });
  expect(
    dividedPolicies([
      statement(["ec2:CreateVpc", "iam:GetRole", "kms:Decrypt"], "Read"),
      statement(["ec2:A"]),
    ]),
  ).toEqual([
    [statement(["ec2:CreateVpc"], "Read"), statement(["ec2:A"])],
    [statement(["iam:GetRole", "kms:Decrypt"], "Read")],
  ]);
});
