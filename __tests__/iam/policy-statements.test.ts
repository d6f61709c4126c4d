import * as fc from "fast-check";
import { DRY_CALLS } from "../../src/cli/account/preflight/checks/key-dry-run";
import { shortened } from "../../src/iam/action-patterns";
import type { Cluster } from "../../src/iam/cluster";
import { markerCandidates } from "../../src/iam/cluster-marker";
import { type DeploymentPolicy, deploymentPolicies, dividedPolicies } from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { policyDocument, policySize } from "../../src/iam/policy-document";
import { type PolicyStatement, type Statement, withAccount } from "../../src/iam/policy-statement";
import { type Mode, type PolicyOptions, policyStatements, requiredStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { anyOptions, clusterOf, ENVIRONMENT, EVERYTHING, FEATURE_NAMES, inMode, UNTAGGED_MODES } from "../helpers/clusters";
import { deployment } from "../helpers/deployment";
import { survivorsOf } from "../helpers/mutants";
import { permissionsOf } from "../helpers/permissions";
import { requiredRequests } from "../helpers/required-requests";
import { type Context, isAllowed } from "../helpers/simulator";
import { MARKER, VPC } from "../helpers/tagged-requests";

it("the size of a policy counts an unknown account as 12 digits", () => {
  const options = { mode: "scoped", supplement: true, cluster: clusterOf(), environment: ENVIRONMENT } as const;
  expect(policySize(requiredStatements(options))).toBe(policySize(policyStatements(options)));
});

it.each(UNTAGGED_MODES)("the statement for allowed networks is the only difference to a policy for every network: %s", (mode) => {
  const options = { mode, supplement: true, cluster: EVERYTHING, environment: ENVIRONMENT };
  const allowedNetworks = { cidrs: ["203.0.113.0/24"], vpcs: [VPC], vpcEndpoints: ["vpce-0123456789abcdef0"] };
  expect(policyStatements({ ...options, allowedNetworks }).slice(1)).toEqual(policyStatements(options));
});

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`policy mutants killed: ${JSON.stringify(figures)}\n`);
});

describe("a test fails when a part of a policy is removed", () => {
  /** sts:GetCallerIdentity requires no permission, so no test can fail without it. The DKP documentation lists it. */
  const UNNOTICED: Readonly<Record<Exclude<Mode, "strict">, readonly string[]>> = {
    scoped: ["Account: sts:GetCallerIdentity", "Account: *"],
    minimal: ["Account: sts:GetCallerIdentity", "Account: *"],
    documented: ["VisualEditor0: sts:GetCallerIdentity"],
  };

  it.each(UNTAGGED_MODES)("in mode %s", async (mode) => {
    const statements = policyStatements({ mode, supplement: true, environment: ENVIRONMENT, cluster: EVERYTHING });
    const required = requiredRequests(mode, true, ENVIRONMENT, EVERYTHING);
    const denied = abuses(ENVIRONMENT).filter(({ documented }) => !(mode === "documented" && documented));
    const { mutants, survivors } = await survivorsOf(statements, { required, denied });
    expect(survivors).toEqual(UNNOTICED[mode]);
    figures[mode] = mutants.length - survivors.length;
    figures[`${mode}, of`] = mutants.length;
  });
});

const arn = (service: string, resource: string) => `arn:aws:${service}:${ENVIRONMENT.region}:${ENVIRONMENT.account}:${resource}`;

/** Whether a mode allows a request for a cluster. */
function allows(cluster: Partial<Cluster>, action: string, resource: string, context: Context = {}, mode: Mode = "strict") {
  const options = inMode(mode, { supplement: true, environment: ENVIRONMENT, cluster: clusterOf(cluster) });
  return isAllowed(policyDocument(policyStatements(options)), {
    action,
    resource,
    context: { "aws:RequestedRegion": ENVIRONMENT.region, ...context },
  });
}

describe("mode strict", () => {
  it.each([
    ["WithNAT", true],
    ["Standard", false],
  ] as const)("changes a disk without tags only where there can be a bastion: %s", async (layout, allowed) => {
    const disk = arn("ec2", "volume/vol-0123456789abcdef0");
    expect(await allows({ layout, bastion: true }, "ec2:ModifyVolume", disk)).toBe(allowed);
  });

  it.each([
    [VPC, true],
    ["vpc-0fedcba9876543210", false],
  ])("connects only the VPC of the cluster with a peered one: %s, %s", async (requester, allowed) => {
    const [own, peer] = [requester, "vpc-0123456789abcdef1"].map((vpc) => arn("ec2", `vpc/${vpc}`)) as [string, string];
    const connection = arn("ec2", "vpc-peering-connection/pcx-0123456789abcdef0");
    const context = { "ec2:RequesterVpc": own, "ec2:AccepterVpc": peer };
    const cluster = { vpcId: VPC, peeredVPCs: ["vpc-0123456789abcdef1"] };
    expect(await allows(cluster, "ec2:CreateVpcPeeringConnection", connection, context)).toBe(allowed);
  });

  it("takes no tag as marker that DKP sets itself", () => {
    const tags = { team: "a", Name: "b", "kubernetes.io/cluster/c": "owned", "ebs.csi.aws.com/cluster": "true" };
    expect(markerCandidates({ tags })).toEqual(["team"]);
  });

  it("allows the dry runs of the preflight, which have the marker in their requests", async () => {
    const settings = `policy: { mode: strict }\ncluster: { prefix: dev, layout: Standard, tags: { ${MARKER.key}: ${MARKER.value} } }\n`;
    const described = deployment(settings);
    const requests = DRY_CALLS.flatMap(({ operation, input }) => {
      const request = input(described) as
        | { TagSpecifications?: readonly { ResourceType: string; Tags: readonly { Key: string; Value: string }[] }[] }
        | undefined;
      const [specification] = request?.TagSpecifications ?? [];
      return specification === undefined ? [] : [{ operation, ...specification }];
    });
    expect(requests.map(({ operation }) => operation)).toEqual(["AllocateAddress", "CreateVpc", "CreateInternetGateway"]);
    for (const { operation, ResourceType, Tags } of requests) {
      const context = Object.fromEntries(Tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value]));
      const resource = arn("ec2", `${ResourceType}/*`);
      expect([operation, await allows({}, `ec2:${operation}`, resource, context)]).toEqual([operation, true]);
      expect([operation, await allows({}, `ec2:${operation}`, resource)]).toEqual([operation, false]);
    }
    expect(
      DRY_CALLS.find(({ operation }) => operation === "RunInstances")?.input({ ...described, amis: ["ami-0123456789abcdef0"] }),
    ).toBeUndefined();
  });
});

const options = { mode: "minimal", supplement: true, environment: ENVIRONMENT } as const;
const US_GOV = { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" };
const policiesOf = (given: PolicyOptions) => deploymentPolicies(given, "Dkp");
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

describe("deploymentPolicies", () => {
  it("has one policy with patterns if the full names do not fit", () => {
    const large = { ...options, cluster: clusterOf({ layout: "WithNAT", features: FEATURE_NAMES }) };
    expect(policySize(policyStatements(large))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    expect(policiesOf(large).map(({ statements }) => withAccount(statements, ENVIRONMENT.account))).toEqual([
      shortened(policyStatements(large)),
    ]);
  });

  it("has one policy of EC2 and one of all other services, with full names, if patterns do not make one fit", () => {
    expect(policySize(shortened(policyStatements(LARGER)))).toBeGreaterThan(MAX_POLICY_CHARACTERS);
    const policies = verified(LARGER);
    expect(policies.map(({ number, name }) => [number, name])).toEqual([
      [1, "Dkp"],
      [2, "Dkp-2"],
    ]);
    const services = policies.map(({ statements }) => [
      ...new Set(statements.flatMap(({ actions }) => actions.map((action) => action.split(":")[0]))),
    ]);
    expect(services).toEqual([["ec2"], ["sts", "autoscaling", "elasticloadbalancing", "kms", "iam"]]);
    expect(policies.flatMap(({ statements }) => statements.flatMap(({ actions }) => actions)).join()).not.toContain("*");
  });

  it("has the Deny of other networks in the first policy, however many there are", () => {
    const allowedNetworks = { cidrs: ["203.0.113.0/24"], vpcs: [], vpcEndpoints: [] };
    for (const cluster of [clusterOf(), LARGER.cluster]) {
      const policies = verified({ ...LARGER, cluster, allowedNetworks });
      expect(policies.map(({ statements }) => statements.filter(({ effect }) => effect === "Deny").length)).toEqual(
        policies.map(({ number }) => (number === 1 ? 1 : 0)),
      );
    }
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
      fc.property(anyOptions, fc.constantFrom(...UNTAGGED_MODES), (given, mode) => {
        expect(verified({ ...given, mode }).length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 100 },
    );
  });
});

describe("dividedPolicies", () => {
  const statement = (actions: readonly string[], sid = "Ec2"): PolicyStatement => ({
    sid,
    actions,
    resources: ["*"],
    conditions: [],
  });
  /** Statements that together have a size: all but the last one are short. */
  const ofSize = (size: number, ...others: readonly Statement[]): readonly Statement[] => {
    const padded = (length: number) => statement([`ec2:${"a".repeat(length)}`], "Last");
    return [...others, padded(size - policySize([...others, padded(0)]))];
  };

  it.each([
    [MAX_POLICY_CHARACTERS - 1, 1],
    [MAX_POLICY_CHARACTERS, 1],
    [MAX_POLICY_CHARACTERS + 1, 2],
  ])("makes of statements of two services with together %d characters %d policies", (size, count) => {
    const statements = ofSize(size, statement(["iam:GetRole"], "NodeRole"));
    expect(policySize(statements)).toBe(size);
    expect(dividedPolicies(statements)).toHaveLength(count);
  });

  it("divides a statement about several services between them, under the same statement ID", () => {
    const long = `ec2:${"a".repeat(MAX_POLICY_CHARACTERS)}`;
    expect(dividedPolicies([statement(["ec2:CreateVpc", "iam:GetRole", "kms:Decrypt"], "Read"), statement([long])])).toEqual([
      [statement(["ec2:CreateVpc"], "Read"), statement([long])],
      [statement(["iam:GetRole", "kms:Decrypt"], "Read")],
    ]);
  });
});
