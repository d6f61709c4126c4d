import type { EvaluationResult } from "@aws-sdk/client-iam";
import { answerOf, judgePermissions } from "../../../../../src/cli/account/preflight/checks/user-permissions";

describe("a result of the simulator", () => {
  const result = (more: Partial<EvaluationResult>): EvaluationResult => ({
    EvalActionName: "ec2:CreateVpc",
    EvalDecision: "implicitDeny",
    ...more,
  });

  it.each<[string, string, Partial<EvaluationResult>]>([
    ["allowed", "the policy", { EvalDecision: "allowed" }],
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
    ["unknown", "a condition on a context key without a value", { MissingContextValues: ["aws:PrincipalTag/team"] }],
    ["unknown", "nothing", { EvalDecision: undefined }],
  ])("%s: %s", (answer, _, more) => {
    expect(answerOf(result(more))).toBe(answer);
  });
});

describe("permissions", () => {
  it("fail for what the cluster calls, and are a warning for other actions", () => {
    const answers = new Map([
      ["a:One", "denied by policy"],
      ["a:Two", "denied by policy"],
      ["a:Three", "denied by SCP"],
      ["a:Four", "unknown"],
      ["a:Five", "allowed"],
    ] as const);
    const needed = new Set(["a:One", "a:Three"]);
    const findings = judgePermissions({ stack: "dev", user: "dkp", simulated: "policy", answers, needed });
    expect(findings.map(({ verdict, found }) => `${verdict}: ${found}`)).toEqual([
      "failed: the policy that an apply creates: no policy allows, or one denies, a:One",
      "warning: the policy that an apply creates: no policy allows, or one denies, a:Two, which this cluster is not known to call",
      "failed: the policy that an apply creates: an SCP of the organization denies a:Three",
      "unknown: the policy that an apply creates: the simulator returns no decision for a:Four, which this cluster is not known to call",
    ]);
  });
});
