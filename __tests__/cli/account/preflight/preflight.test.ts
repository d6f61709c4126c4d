import { setMaxListeners } from "node:events";
import { AwsError } from "../../../../src/cli/account/aws/operations";
import type { Result, Verdict } from "../../../../src/cli/account/preflight/check";
import { exitCode, reportJson, reportText } from "../../../../src/cli/account/preflight/report";
import { judgeError, runPreflight } from "../../../../src/cli/account/preflight/runner";
import { simulatedCalls } from "../../../../src/cli/account/preflight/simulated-requests";
import { CATALOGUE } from "../../../../src/iam/catalogue";
import { policyDocument } from "../../../../src/iam/policy-document";
import { policyStatements } from "../../../../src/iam/policy-statements";
import { FEATURE_NAMES } from "../../../helpers/clusters";
import { deployment } from "../../../helpers/deployment";
import { isAllowed } from "../../../helpers/simulator";
import { UUID } from "../../../helpers/tagged-requests";

const ENVIRONMENT = { partition: "aws", region: "eu-central-1", account: "123456789012" };

const STRICT = "cluster: { prefix: dev, layout: WithNAT, tags: { dkp-cluster: dev }, peeredVPCs: [vpc-0123456789abcdef9]";

describe("the calls that are simulated", () => {
  const CLUSTERS = {
    plain: "cluster: { prefix: dev }",
    "with an own role": "cluster: { prefix: dev, iamNodeRole: nodes, iamNodeRolePath: /apps/ }",
    "with everything":
      "cluster: { prefix: dev, layout: WithNAT, tags: { a: b }, imdsv2: true }\nfeatures: [encrypted-volumes, volume-snapshots]",
    "in mode strict": `policy: { mode: strict }\n${STRICT} }`,
    "in mode strict, in an existing VPC": `policy: { mode: strict }\n${STRICT}, existingVPCID: vpc-0123456789abcdef1, uuid: ${UUID} }`,
    "in mode strict, with all features": `policy: { mode: strict }\n${STRICT}, vpcId: vpc-0123456789abcdef1, uuid: ${UUID} }\nfeatures: [${FEATURE_NAMES.join(", ")}]`,
    "with allowed addresses": "cluster: { prefix: dev }\nuser: { allowedNetworks: { cidrs: [203.0.113.0/24, 2001:db8::/32] } }",
    "with allowed VPCs": "cluster: { prefix: dev }\nuser: { allowedNetworks: { vpcs: [vpc-0123456789abcdef0] } }",
    "with allowed VPC endpoints":
      "cluster: { prefix: dev }\nuser: { allowedNetworks: { vpcEndpoints: [vpce-0123456789abcdef0] } }",
  };

  it.each(Object.entries(CLUSTERS))("contain each action once, and the policy allows all: a cluster %s", async (_, settings) => {
    const {
      cluster,
      user,
      policy: policyOf,
    } = deployment(settings.includes("policy:") ? settings : `policy: { mode: scoped }\n${settings}`);
    const { allowedNetworks } = user;
    const { mode } = policyOf;
    const options = { mode, supplement: true, cluster, environment: ENVIRONMENT, allowedNetworks };
    const policy = policyDocument(policyStatements(options));
    const granted = new Set(policyStatements(options).flatMap(({ effect, actions }) => (effect === "Deny" ? [] : actions)));
    const calls = simulatedCalls(
      CATALOGUE.filter(({ action }) => granted.has(action)),
      options,
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
  });

  it("name EC2 with the suffix .amazonaws.com in China for KMS", () => {
    const calls = simulatedCalls(
      CATALOGUE.filter(({ action }) => action === "kms:Decrypt"),
      {
        mode: "scoped",
        environment: { ...ENVIRONMENT, partition: "aws-cn", region: "cn-north-1" },
        cluster: deployment("cluster: { prefix: dev }").cluster,
      },
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
      {
        mode: "scoped",
        environment: { ...ENVIRONMENT, partition: "aws-cn", region: "cn-northwest-1" },
        cluster: deployment("cluster: { prefix: dev }").cluster,
      },
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

describe("an error of a call", () => {
  it.each([
    [
      "UnauthorizedOperation",
      "ec2:DescribeVpcs is denied to these credentials",
      "allow ec2:DescribeVpcs; npx dkp-access preflight --permissions prints the whole policy",
    ],
    [
      "RequestLimitExceeded",
      "ec2:DescribeVpcs is throttled (RequestLimitExceeded), after several attempts",
      "try again when fewer calls are made in the account",
    ],
    [
      "not a response of AWS",
      "ec2:DescribeVpcs: why",
      "sign in to the network if it asks for that, or set HTTPS_PROXY and NO_PROXY as it requires, and try again",
    ],
    [
      "unreachable",
      "ec2:DescribeVpcs: AWS cannot be reached (why)",
      "check the network, the proxy, and whether the region exists",
    ],
    [
      "InternalError",
      "ec2:DescribeVpcs returned InternalError: why",
      "try again; if the error persists, its message names the cause",
    ],
  ])("%s is an unknown result", (code, found, remedy) => {
    expect(judgeError(new AwsError("ec2:DescribeVpcs", code, "why"), "existing VPC")).toEqual({
      verdict: "unknown",
      found,
      remedy,
    });
  });
});

it("rejects once where several checks have a defect, without an unhandled rejection", async () => {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  process.on("unhandledRejection", note);
  const defect = async (action: string) => {
    if (action === "sts:GetCallerIdentity") {
      return { Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/admin" };
    }
    // The Region's answer is the last one.
    await new Promise((resolve) => setTimeout(resolve, action === "ec2:DescribeRegions" ? 20 : 0));
    throw new TypeError(`defect in ${action}`);
  };
  const aws = { call: defect, callAll: defect, dryRun: defect } as unknown as Parameters<typeof runPreflight>[1];
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const options = {
    asKey: false,
    existingCluster: false,
    state: async () => ({ unread: "no state" }),
    timeout: 5,
    signal,
    progress: () => undefined,
  };
  await expect(runPreflight(deployment("cluster: { prefix: dev }"), aws, options)).rejects.toThrow(/^defect in /);
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});

const result = (verdict: Verdict, remedy?: string): Result => ({
  check: "region",
  verdict,
  found: "it is so",
  source: "ec2:DescribeRegions in us-east-1",
  remedy,
});

describe("the exit code", () => {
  it.each<[0 | 2 | 3, readonly Verdict[]]>([
    [0, ["ok"]],
    [0, ["ok", "warning", "skipped"]],
    [3, ["ok", "unknown", "warning"]],
    [2, ["unknown", "failed"]],
  ])("is %s for %j", (code, verdicts) => {
    expect(exitCode(verdicts.map((verdict) => result(verdict)))).toBe(code);
  });
});

describe("the report", () => {
  const results = [result("ok"), result("unknown", "try again")];

  it("as text has a line per finding, and below it the remedy", () => {
    expect(reportText("dev: preflight", results)).toBe(
      [
        "dev: preflight",
        "",
        "ok       region  it is so [ec2:DescribeRegions in us-east-1]",
        "unknown  region  it is so [ec2:DescribeRegions in us-east-1]",
        "                 -> try again",
        "",
        "ok: 1, unknown: 1",
        "",
      ].join("\n"),
    );
  });

  it("as text keeps a finding on its line, whatever the settings or AWS contain", () => {
    const { source, ...rest } = result("failed", "rename w\n::add-mask::exit");
    expect(reportText("dev", [{ ...rest, source: `${source}\u009b`, found: "m5\n::error::X \u001b[2J\u202e is no type" }])).toBe(
      [
        "dev",
        "",
        "failed  region  m5\\n::error::X \\u001b[2J\\u202e is no type [ec2:DescribeRegions in us-east-1\\u009b]",
        "                -> rename w\\n::add-mask::exit",
        "",
        "failed: 1",
        "",
      ].join("\n"),
    );
  });

  it("as JSON has all fields", () => {
    expect(JSON.parse(reportJson("dev", "eu-central-1", results))).toEqual({
      stack: "dev",
      region: "eu-central-1",
      exitCode: 3,
      results: [
        { check: "region", verdict: "ok", found: "it is so", source: "ec2:DescribeRegions in us-east-1" },
        {
          check: "region",
          verdict: "unknown",
          found: "it is so",
          source: "ec2:DescribeRegions in us-east-1",
          remedy: "try again",
        },
      ],
    });
  });
});
