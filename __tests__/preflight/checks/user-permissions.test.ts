import type { EvaluationResult } from "@aws-sdk/client-iam";
import { CATALOGUE } from "../../../src/iam/catalogue";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { judgeDryRun } from "../../../src/preflight/checks/key-dry-run";
import { answerOf, judgePermissions } from "../../../src/preflight/checks/user-permissions";
import { simulatedCalls } from "../../../src/preflight/simulated-requests";
import { deployment } from "../../helpers/deployment";
import { isAllowed } from "../../helpers/simulator";

const ENVIRONMENT = { partition: "aws", region: "eu-central-1", account: "123456789012" };

describe("an answer of the simulator", () => {
  const result = (more: Partial<EvaluationResult>): EvaluationResult => ({
    EvalActionName: "ec2:CreateVpc",
    EvalDecision: "implicitDeny",
    ...more,
  });

  it.each<[string, string, Partial<EvaluationResult>]>([
    ["allowed", "a yes", { EvalDecision: "allowed" }],
    ["denied by policy", "no Allow", {}],
    ["denied by policy", "a Deny", { EvalDecision: "explicitDeny" }],
    ["denied by SCP", "the organization", { OrganizationsDecisionDetail: { AllowedByOrganizations: false } }],
    [
      "denied by SCP",
      "the organization, whatever the boundary says",
      {
        EvalDecision: "explicitDeny",
        OrganizationsDecisionDetail: { AllowedByOrganizations: false },
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
      },
    ],
    ["denied by boundary", "the boundary", { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } }],
    [
      "denied by boundary",
      "the boundary, on one resource",
      {
        ResourceSpecificResults: [
          {
            EvalResourceName: "arn:aws:ec2:eu-central-1:123456789012:vpc/*",
            EvalResourceDecision: "implicitDeny",
            PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
          },
        ],
      },
    ],
    [
      "denied by policy",
      "a policy within organization and boundary",
      {
        OrganizationsDecisionDetail: { AllowedByOrganizations: true },
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: true },
      },
    ],
    ["cannot tell", "a condition on what is not known here", { MissingContextValues: ["aws:PrincipalTag/team"] }],
    ["cannot tell", "nothing", { EvalDecision: undefined }],
  ])("%s: %s", (answer, _, more) => {
    expect(answerOf(result(more))).toBe(answer);
  });
});

describe("permissions", () => {
  it("blocks for what the cluster calls, and warns of the rest", () => {
    const answers = new Map([
      ["a:One", "denied by policy"],
      ["a:Two", "denied by policy"],
      ["a:Three", "denied by SCP"],
      ["a:Four", "cannot tell"],
      ["a:Five", "allowed"],
    ] as const);
    const needed = new Set(["a:One", "a:Three"]);
    const findings = judgePermissions({ stack: "dev", user: "dkp", simulated: "policy", answers, needed });
    expect(findings.map(({ verdict, found }) => `${verdict}: ${found}`)).toEqual([
      "blocker: the policy that an apply makes: no policy allows, or one denies, a:One",
      "warning: the policy that an apply makes: no policy allows, or one denies, a:Two, which this cluster is not known to call",
      "blocker: the policy that an apply makes: an SCP of the organization denies a:Three",
      "cannot tell: the policy that an apply makes: the simulator can't judge a:Four, which this cluster is not known to call",
    ]);
  });
});

describe("the calls that are simulated", () => {
  const CLUSTERS = {
    plain: "cluster: { prefix: dev }",
    "with a role of its own": "cluster: { prefix: dev, iamNodeRole: nodes, iamNodeRolePath: /apps/ }",
    "with everything":
      "cluster: { prefix: dev, layout: WithNAT, tags: { a: b }, imdsv2: true }\nfeatures: [encrypted-volumes, volume-snapshots]",
  };

  it.each(Object.entries(CLUSTERS))(
    "are each action once, and all allowed by the scoped policy: a cluster %s",
    async (_, settings) => {
      const { cluster } = deployment(settings);
      const options = { mode: "scoped", supplement: true, cluster, environment: ENVIRONMENT } as const;
      const policy = policyDocument(policyStatements(options));
      const granted = new Set(policyStatements(options).flatMap(({ actions }) => actions));
      const calls = simulatedCalls(
        CATALOGUE.filter(({ action }) => granted.has(action)),
        ENVIRONMENT,
        cluster,
      );
      expect(calls.flatMap(({ actions }) => actions).sort()).toEqual([...granted].sort());
      const requests = calls.flatMap(({ actions, resources, context }) =>
        actions.flatMap((action) =>
          (resources.length === 0 ? ["*"] : resources).map((resource) => ({
            action,
            resource,
            context: Object.fromEntries(context.map(({ key, value }) => [key, value])),
          })),
        ),
      );
      const judged = await Promise.all(requests.map(async (request) => ({ request, allowed: await isAllowed(policy, request) })));
      expect(judged.filter(({ allowed }) => !allowed).map(({ request }) => request)).toEqual([]);
    },
  );

  it("name EC2 with the suffix .amazonaws.com in China for KMS", () => {
    const calls = simulatedCalls(
      CATALOGUE.filter(({ action }) => action === "kms:Decrypt"),
      { ...ENVIRONMENT, partition: "aws-cn", region: "cn-north-1" },
      deployment("cluster: { prefix: dev }").cluster,
    );
    expect(calls[0]?.context).toContainEqual({
      key: "kms:ViaService",
      type: "string",
      value: "ec2.cn-north-1.amazonaws.com",
    });
  });

  it("carry the region, but IAM's own for IAM", () => {
    const calls = simulatedCalls(
      CATALOGUE.filter(({ action }) => ["ec2:DescribeVpcs", "iam:GetRole", "iam:PassRole"].includes(action)),
      { ...ENVIRONMENT, partition: "aws-cn", region: "cn-northwest-1" },
      deployment("cluster: { prefix: dev }").cluster,
    );
    expect(calls).toEqual([
      {
        actions: ["ec2:DescribeVpcs"],
        resources: [],
        context: [{ key: "aws:RequestedRegion", type: "string", value: "cn-northwest-1" }],
      },
      {
        actions: ["iam:GetRole"],
        resources: ["arn:aws-cn:iam::123456789012:role/dev-node"],
        context: [{ key: "aws:RequestedRegion", type: "string", value: "cn-north-1" }],
      },
      {
        actions: ["iam:PassRole"],
        resources: ["arn:aws-cn:iam::123456789012:role/dev-node"],
        context: [
          { key: "aws:RequestedRegion", type: "string", value: "cn-north-1" },
          { key: "iam:PassedToService", type: "string", value: "ec2.amazonaws.com.cn" },
        ],
      },
    ]);
  });
});

describe("an answer to a dry run", () => {
  it.each([
    ["DryRunOperation", "", "ok", "the key may call ec2:CreateVpc"],
    ["UnauthorizedOperation", "You are not authorized", "blocker", "the key may not call ec2:CreateVpc"],
    [
      "UnauthorizedOperation",
      "an explicit deny in a service control policy",
      "blocker",
      "an SCP denies ec2:CreateVpc to the key",
    ],
    [
      "UnauthorizedOperation",
      "no permissions boundary allows it",
      "blocker",
      "the permissions boundary denies ec2:CreateVpc to the key",
    ],
    ["UnsupportedOperation", "", "skipped", "the region has no ec2:CreateVpc, and DKP does without it there"],
    ["RequestLimitExceeded", "later", "cannot tell", "ec2:CreateVpc answered RequestLimitExceeded: later"],
  ])("%s %s", (code, message, verdict, found) => {
    expect(judgeDryRun("CreateVpc", { code, message })).toMatchObject({ verdict, found });
  });
});
