import { Aws } from "../../../src/cli/account/aws/client";
import type { PreflightFound } from "../../../src/cli/account/preflight/check";
import { ADMIN_ACTIONS } from "../../../src/cli/account/preflight/checks";
import { type CheckResult, exitCode, preflightJson, preflightText } from "../../../src/cli/account/preflight/report";
import { runPreflight, toolsOf } from "../../../src/cli/account/preflight/runner";
import { simulatedCalls } from "../../../src/cli/account/preflight/simulated-requests";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { ENVIRONMENT, FEATURE_NAMES } from "../../helpers/clusters";
import { deployment } from "../../helpers/deployment";
import { optionsOf } from "../../helpers/packs";
import { CASES, findingsOf, preflightIn } from "../../helpers/preflight";
import { requestsWith } from "../../helpers/simulator";

it.each(CASES)("$check: $title", async ({ check, account, expected }) => {
  expect(findingsOf(await preflightIn(account), check)).toMatchObject(expected);
});

describe("the report", () => {
  const result = (check: string, ...findings: readonly PreflightFound[]): CheckResult => ({ check, findings });
  const passed = result("region");
  const noted = result("image", { rule: "image-ena", values: { ami: "ami-1\n::error::X" } });
  const failed = result("image", { rule: "image-missing", values: { ami: "ami-1", region: "eu-central-1" } });
  const unknown = result("permissions", { rule: "timed-out", values: { action: "iam:GetUser", reason: "no answer within 5 s" } });

  it.each([
    [0, [passed, noted], [[], ["image-ena"]]],
    [3, [passed, unknown], [[], ["timed-out"]]],
    [2, [unknown, failed], [["timed-out"], ["image-missing"]]],
  ])("has the exit code %s, and as JSON the rules of each check", (code, results, rules) => {
    expect(exitCode(results)).toBe(code);
    expect(preflightJson("dev", "eu-central-1", results)).toMatchObject({
      exitCode: code,
      deployments: [{ stack: "dev", region: "eu-central-1", checks: rules.map((own) => ({ rules: own })) }],
      findings: rules.flat().map((rule) => ({ rule, stack: "dev" })),
    });
  });

  it("as text has the checks that passed, and a line per finding with the remedy below it", () => {
    expect(preflightText("dev: preflight", [passed, noted, unknown])).toBe(
      `dev: preflight
passed: region
note: image: ami-1\\n::error::X has no EnaSupport, which every Nitro instance type requires
  -> use an image with EnaSupport
unverifiable: permissions: iam:GetUser: no answer within 5 s
  -> try again with a longer --timeout
unverifiable: 1
`,
    );
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
    "with allowed addresses": "cluster: { prefix: dev }\nuser: { allowedNetworks: { cidrs: [203.0.113.0/24, 2001:db8::/32] } }",
    "with allowed VPCs": "cluster: { prefix: dev }\nuser: { allowedNetworks: { vpcs: [vpc-0123456789abcdef0] } }",
    "with allowed VPC endpoints":
      "cluster: { prefix: dev }\nuser: { allowedNetworks: { vpcEndpoints: [vpce-0123456789abcdef0] } }",
  };

  it.each(Object.entries(CLUSTERS))("are those that the policy allows: a cluster %s", async (_, settings) => {
    const given = deployment(settings.includes("policy:") ? settings : `policy: { mode: scoped }\n${settings}`);
    const { allowedNetworks } = given.user;
    const options = { ...optionsOf(given), environment: ENVIRONMENT, allowedNetworks };
    const policy = policyDocument(policyStatements(options));
    const granted = new Set(policyStatements(options).flatMap(({ effect, actions }) => (effect === "Deny" ? [] : actions)));
    const calls = simulatedCalls(options, [...granted, "ec2:Needed"], USER);
    expect(new Set(calls.flatMap(({ actions }) => actions))).toEqual(new Set([...granted, "ec2:Needed"]));
    const requests = calls.flatMap(({ actions, resources, context }) =>
      actions.flatMap((action) =>
        (resources.length === 0 ? ["*"] : resources).map((resource) => ({
          action,
          resource,
          context: Object.fromEntries(context.map(({ key, value }) => [key, value])),
        })),
      ),
    );
    expect((await requestsWith(false, policy, requests)).map(({ action }) => action)).toEqual(["ec2:Needed"]);
  });

  it("carry caller, Region and each condition with the type of its key, and name EC2 with the suffix .amazonaws.com for KMS", () => {
    const environment = { ...ENVIRONMENT, partition: "aws-cn", region: "cn-northwest-1" };
    const { cluster } = deployment("{ cluster: { prefix: dev, tags: { a: b } }, features: [encrypted-volumes] }");
    const actions = ["ec2:DescribeVpcs", "iam:GetRole", "iam:PassRole", "iam:TagRole", "kms:CreateGrant"];
    const calls = simulatedCalls({ mode: "scoped", supplement: true, environment, cluster }, actions, USER);
    expect(new Set(calls.flatMap((call) => call.actions))).toEqual(new Set(actions));
    const of = (action: string) => calls.find(({ actions }) => actions.includes(action));
    const text = (key: string, value: string) => ({ key, type: "string", value });
    const resources = ["arn:aws-cn:iam::123456789012:role/dev-node"];
    const user = text("aws:PrincipalArn", USER);
    const inIam = [user, text("aws:RequestedRegion", "cn-north-1")];
    expect(of("ec2:DescribeVpcs")).toMatchObject({
      resources: [],
      context: [text("aws:RequestedRegion", "cn-northwest-1"), user],
    });
    expect(of("iam:GetRole")).toMatchObject({ resources, context: inIam });
    expect(of("iam:PassRole")).toMatchObject({
      resources,
      context: [text("iam:PassedToService", "ec2.amazonaws.com"), ...inIam],
    });
    expect(of("iam:TagRole")?.context).toEqual([{ key: "aws:TagKeys", type: "stringList", value: "a" }, ...inIam]);
    const viaEc2 = text("kms:ViaService", "ec2.cn-northwest-1.amazonaws.com");
    expect(of("kms:CreateGrant")?.context).toContainEqual(viaEc2);
    expect(of("kms:CreateGrant")?.context).toContainEqual({ key: "kms:GrantIsForAWSResource", type: "boolean", value: "true" });
  });
});

it("rejects once where several checks have a defect, without an unhandled rejection", async () => {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  process.on("unhandledRejection", note);
  const defect = async (action: string) => {
    if (action === "sts:GetCallerIdentity") {
      return [{ Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/admin" }];
    }
    // The Region's answer is the last one.
    await new Promise((resolve) => setTimeout(resolve, action === "ec2:DescribeRegions" ? 20 : 0));
    throw new TypeError(`defect in ${action}`);
  };
  const aws = { call: defect, dryRun: defect } as unknown as Parameters<typeof runPreflight>[1];
  const { signal } = new AbortController();
  const options = {
    asKey: false,
    state: async () => ({ unread: "no state" }),
    signal,
    progress: () => undefined,
  };
  await expect(runPreflight(deployment("cluster: { prefix: dev }"), aws, options)).rejects.toThrow(/^defect in /);
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});

describe("the preflight", () => {
  it("cannot make a call that changes anything", async () => {
    const aws = new Aws({ alwaysOnRegion: "us-east-1", signal: new AbortController().signal, limit: 5 });
    await expect(aws.call("ec2:CreateVpc" as never, {} as never, "eu-central-1")).rejects.toThrow(
      "ec2:CreateVpc is not a call that only reads",
    );
  });

  it("lists only actions that read", () => {
    expect(ADMIN_ACTIONS.filter((action) => !/:(Describe|Get|List|Simulate)/.test(action))).toEqual([]);
  });

  it("makes the calls that a check lists, and no others: IAM's, and the one about Regions, in a Region of every account", async () => {
    const check = {
      id: "image",
      field: "",
      calls: ["ec2:DescribeImages", "ec2:DescribeRegions", "iam:GetRole"],
      run: jest.fn(),
    } as const;
    const call = jest.fn(async () => []);
    const tools = toolsOf(check, "eu-central-1", { call, dryRun: jest.fn() });
    for (const action of check.calls) {
      await tools.list(action, {} as never, () => []);
    }
    expect(call.mock.calls.map(([, , region]: readonly unknown[]) => region)).toEqual(["eu-central-1", "us-east-1", "us-east-1"]);
    await expect(tools.list("ec2:DescribeVpcs", {}, () => [])).rejects.toThrow("image does not list the call ec2:DescribeVpcs");
  });
});
