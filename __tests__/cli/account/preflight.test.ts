import type { PreflightFound } from "../../../src/cli/account/preflight/check";
import { accountCheck, CHECKS, regionCheck } from "../../../src/cli/account/preflight/checks";
import { preflightJson, preflightText } from "../../../src/cli/account/preflight/report";
import { simulatedCalls } from "../../../src/cli/account/preflight/simulated-requests";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { ENVIRONMENT, FEATURE_NAMES } from "../../helpers/clusters";
import { deployment } from "../../helpers/deployment";
import { optionsOf } from "../../helpers/packs";
import { CASES, findingsOf, preflightIn } from "../../helpers/preflight";
import { projectFile } from "../../helpers/project-root";
import { requestsWith } from "../../helpers/simulator";

it.each(CASES)("$check: $title", async ({ check, account, expected }) => {
  expect(findingsOf(await preflightIn(account), check)).toMatchObject(expected);
});

it("docs/how-to/preflight.md has a row for each check", () => {
  const ids = [
    ...[accountCheck(false), regionCheck, ...CHECKS].map(({ id }) => id),
    "cluster-access",
  ];
  const rows = projectFile("docs/how-to/preflight.md").matchAll(/^\| `([\w-]+)` \|/gm);
  expect([...rows].map(([, id]) => id)).toEqual(ids);
});

describe("the report", () => {
  const result = (check: string, ...findings: readonly PreflightFound[]) => ({
    check,
    findings,
  });
  const passed = result("region");
  const noted = result("image", { rule: "image-imdsv2", values: { ami: "ami-1\n::error::X" } });
  const unknown = result("permissions", {
    rule: "timed-out",
    values: { action: "iam:GetUser", reason: "no answer within 5 s" },
  });

  it("as JSON has the rules of each check", () => {
    expect(preflightJson("dev", "eu-central-1", [passed, noted])).toMatchObject({
      exitCode: 0,
      deployments: [
        {
          stack: "dev",
          region: "eu-central-1",
          checks: [{ rules: [] }, { rules: ["image-imdsv2"] }],
        },
      ],
      findings: [{ rule: "image-imdsv2", stack: "dev" }],
    });
  });

  it("as text has the checks that passed, and a line per finding with the remedy below it", () => {
    expect(preflightText("dev: preflight", [passed, noted, unknown])).toBe(
      `dev: preflight
passed: region
note: image: ami-1\\n::error::X accepts only IMDSv2
  -> set cluster.imdsv2: true here and in DKP, or use another image
unverifiable: permissions: iam:GetUser: no answer within 5 s
  -> try again with a longer --timeout
unverifiable: 1
`,
    );
  });

  it("as text names the checks that require another one once, with the reason", () => {
    const notRun = (check: string) =>
      result(check, { rule: "check-not-run", values: { required: "permissions" } });
    const text = preflightText("dev: preflight", [unknown, notRun("image"), notRun("names")]);
    expect(text.split("\n").slice(-3)).toEqual([
      "unverifiable: 1",
      "not checked, because the check permissions did not pass: image, names",
      "",
    ]);
    expect(text).not.toContain("was not run");
  });
});

describe("the calls that are simulated", () => {
  const USER = "arn:aws-cn:iam::123456789012:user/deckhouse";
  const CLUSTERS = {
    plain: "cluster: { prefix: dev }",
    "with an own role": "cluster: { prefix: dev, iamNodeRole: nodes, iamNodeRolePath: /apps/ }",
    "with everything":
      "cluster: { prefix: dev, layout: WithNAT, tags: { a: b }, imdsv2: true }\nfeatures: [encrypted-volumes, volume-snapshots]",
    "in mode minimal, with all features": `policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithNAT, peeredVPCs: [vpc-0123456789abcdef9] }\nfeatures: [${FEATURE_NAMES.join(", ")}]`,
    "with allowed addresses":
      "cluster: { prefix: dev }\nuser: { allowedNetworks: { cidrs: [203.0.113.0/24, 2001:db8::/32] } }",
    "with allowed VPCs":
      "cluster: { prefix: dev }\nuser: { allowedNetworks: { vpcs: [vpc-0123456789abcdef0] } }",
    "with allowed VPC endpoints":
      "cluster: { prefix: dev }\nuser: { allowedNetworks: { vpcEndpoints: [vpce-0123456789abcdef0] } }",
  };

  it.each(Object.entries(CLUSTERS))(
    "are those that the policy allows: a cluster %s",
    async (_, settings) => {
      const given = deployment(
        settings.includes("policy:") ? settings : `policy: { mode: scoped }\n${settings}`,
      );
      const { allowedNetworks } = given.user;
      const options = { ...optionsOf(given), environment: ENVIRONMENT, allowedNetworks };
      const policy = policyDocument(policyStatements(options));
      const granted = new Set(
        policyStatements(options).flatMap(({ effect, actions }) =>
          effect === "Deny" ? [] : actions,
        ),
      );
      const calls = simulatedCalls(options, [...granted, "ec2:Needed"], USER);
      expect(new Set(calls.flatMap(({ ActionNames }) => ActionNames))).toEqual(
        new Set([...granted, "ec2:Needed"]),
      );
      const requests = calls.flatMap(({ ActionNames, ResourceArns = ["*"], ContextEntries }) => {
        const context = Object.fromEntries(
          ContextEntries.map(({ ContextKeyName = "", ContextKeyValues = [] }) => [
            ContextKeyName,
            String(ContextKeyValues[0]),
          ]),
        );
        return ActionNames.flatMap((action) =>
          ResourceArns.map((resource) => ({ action, resource, context })),
        );
      });
      expect((await requestsWith(false, policy, requests)).map(({ action }) => action)).toEqual([
        "ec2:Needed",
      ]);
    },
  );

  it("carry caller, Region and each condition with the type of its key, and name EC2 with the suffix .amazonaws.com for KMS", () => {
    const environment = { ...ENVIRONMENT, partition: "aws-cn", region: "cn-northwest-1" };
    const { cluster } = deployment(
      "{ cluster: { prefix: dev, tags: { a: b } }, features: [encrypted-volumes] }",
    );
    const actions = [
      "ec2:DescribeVpcs",
      "iam:GetRole",
      "iam:PassRole",
      "iam:TagRole",
      "kms:CreateGrant",
    ];
    const calls = simulatedCalls({ mode: "scoped", environment, cluster }, actions, USER);
    expect(new Set(calls.flatMap(({ ActionNames }) => ActionNames))).toEqual(new Set(actions));
    const of = (action: string) => calls.find(({ ActionNames }) => ActionNames.includes(action));
    const entry = (ContextKeyName: string, ContextKeyType: string, value: string) => ({
      ContextKeyName,
      ContextKeyType,
      ContextKeyValues: [value],
    });
    const text = (key: string, value: string) => entry(key, "string", value);
    const ResourceArns = ["arn:aws-cn:iam::123456789012:role/dev-node"];
    const user = text("aws:PrincipalArn", USER);
    const inIam = [user, text("aws:RequestedRegion", "cn-north-1")];
    expect(of("ec2:DescribeVpcs")).toEqual({
      ActionNames: ["ec2:DescribeVpcs"],
      ContextEntries: [text("aws:RequestedRegion", "cn-northwest-1"), user],
    });
    expect(of("iam:GetRole")).toMatchObject({ ResourceArns, ContextEntries: inIam });
    const passed = text("iam:PassedToService", "ec2.amazonaws.com");
    expect(of("iam:PassRole")).toMatchObject({ ResourceArns, ContextEntries: [passed, ...inIam] });
    expect(of("iam:TagRole")?.ContextEntries).toEqual([
      entry("aws:TagKeys", "stringList", "a"),
      ...inIam,
    ]);
    const viaEc2 = text("kms:ViaService", "ec2.cn-northwest-1.amazonaws.com");
    expect(of("kms:CreateGrant")?.ContextEntries).toContainEqual(viaEc2);
    expect(of("kms:CreateGrant")?.ContextEntries).toContainEqual(
      entry("kms:GrantIsForAWSResource", "boolean", "true"),
    );
  });
});
