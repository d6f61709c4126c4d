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
