import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../../src/iam/cluster";
import { conditionBlock, policyDocument, policySize } from "../../src/iam/policy-document";
import { additionalRowsOf, type Mode, policyStatements, requiredStatements } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, EVERYTHING, KMS_KEY, UNTAGGED_MODES } from "../helpers/clusters";
import { PROJECT } from "../helpers/project-root";
import { isAllowed } from "../helpers/simulator";

const textOf = (mode: Mode, cluster: Cluster, environment = ENVIRONMENT) =>
  JSON.stringify(policyDocument(policyStatements({ mode, supplement: true, cluster, environment })));

describe("the scoped policy of a plain cluster", () => {
  const statements = policyStatements({
    mode: "scoped",
    supplement: true,
    cluster: clusterOf(),
    environment: ENVIRONMENT,
  });

  it("has these statements", () => {
    const shape = statements.map(({ sid, resources, conditions }) => [sid, resources, conditions]);
    expect(shape).toMatchInlineSnapshot(`
      [
        [
          "Account",
          [
            "*",
          ],
          [],
        ],
        [
          "Read",
          [
            "*",
          ],
          [
            {
              "test": "StringEquals",
              "values": [
                "eu-central-1",
              ],
              "variable": "aws:RequestedRegion",
            },
          ],
        ],
        [
          "Ec2",
          [
            "arn:aws:ec2:eu-central-1:123456789012:*",
          ],
          [],
        ],
        [
          "KeyPair",
          [
            "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev",
          ],
          [],
        ],
        [
          "RunInstances",
          [
            "arn:aws:ec2:eu-central-1::image/*",
            "arn:aws:ec2:eu-central-1::snapshot/*",
            "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev",
            "arn:aws:ec2:eu-central-1:123456789012:instance/*",
            "arn:aws:ec2:eu-central-1:123456789012:network-interface/*",
            "arn:aws:ec2:eu-central-1:123456789012:security-group/*",
            "arn:aws:ec2:eu-central-1:123456789012:subnet/*",
            "arn:aws:ec2:eu-central-1:123456789012:volume/*",
          ],
          [],
        ],
        [
          "LoadBalancers",
          [
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:*",
          ],
          [],
        ],
        [
          "NetworkLoadBalancers",
          [
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/net/*",
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/*",
          ],
          [],
        ],
        [
          "NodeRole",
          [
            "arn:aws:iam::123456789012:role/dev-node",
            "arn:aws:iam::123456789012:instance-profile/dev-node",
          ],
          [],
        ],
        [
          "PassNodeRole",
          [
            "arn:aws:iam::123456789012:role/dev-node",
          ],
          [
            {
              "test": "StringEquals",
              "values": [
                "ec2.amazonaws.com",
              ],
              "variable": "iam:PassedToService",
            },
          ],
        ],
        [
          "ServiceLinkedRoles",
          [
            "arn:aws:iam::123456789012:role/aws-service-role/*",
          ],
          [
            {
              "test": "StringEquals",
              "values": [
                "elasticloadbalancing.amazonaws.com",
              ],
              "variable": "iam:AWSServiceName",
            },
          ],
        ],
      ]
    `);
  });

  it("limits resources with a known name to that name", () => {
    const named = statements.filter(({ sid }) => ["KeyPair", "NodeRole", "PassNodeRole"].includes(sid));
    expect(named.flatMap(({ resources }) => resources)).toEqual([
      "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev",
      "arn:aws:iam::123456789012:role/dev-node",
      "arn:aws:iam::123456789012:instance-profile/dev-node",
      "arn:aws:iam::123456789012:role/dev-node",
    ]);
  });

  it("has no Region condition for IAM and STS, whose requests have another Region", () => {
    const global = statements.filter(({ actions }) => actions.some((action) => /^(iam|sts):/.test(action)));
    expect(global.flatMap(({ conditions }) => conditions.map(({ variable }) => variable))).toEqual([
      "iam:PassedToService",
      "iam:AWSServiceName",
    ]);
  });
});

describe("every input of a policy has an effect in the expected modes", () => {
  /** The modes that each input changes, compared with a plain cluster. */
  const INPUTS: readonly (readonly [string, Partial<Cluster>, readonly Mode[]])[] = [
    ["prefix", { prefix: "prod" }, ["scoped", "minimal"]],
    ["layout", { layout: "WithoutNAT" }, ["documented", "scoped", "minimal"]],
    ["existingVPCID", { existingVPCID: "vpc-0123456789abcdef0" }, ["documented", "scoped", "minimal"]],
    ["peeredVPCs", { peeredVPCs: ["vpc-0123456789abcdef0"] }, ["scoped", "minimal"]],
    ["peerAccountIds", { peerAccountIds: ["222222222222"] }, ["scoped", "minimal"]],
    ["iamNodeRole", { iamNodeRole: "node" }, ["scoped", "minimal"]],
    ["iamNodeRolePath without a role", { iamNodeRolePath: "/apps/" }, []],
    ["formerIamNodeRoles", { formerIamNodeRoles: ["/old"] }, ["scoped", "minimal"]],
    ["tags", { tags: { a: "b" } }, ["documented", "scoped", "minimal"]],
    ["imdsv2: true", { imdsv2: true }, ["documented", "scoped", "minimal"]],
    ["imdsv2: false", { imdsv2: false }, ["documented", "scoped", "minimal"]],
    ["kmsKeyArns without encrypted-volumes", { kmsKeyArns: [KMS_KEY] }, []],
    ["disableDefaultSecurityGroup", { disableDefaultSecurityGroup: true }, []],
    ["dkpVersion", { dkpVersion: "1.69" }, ["minimal"]],
    ["bastion without NAT", { bastion: true }, []],
    ["feature drift-repair", { features: ["drift-repair"] }, ["documented", "scoped", "minimal"]],
    ["feature encrypted-volumes", { features: ["encrypted-volumes"] }, ["documented", "scoped", "minimal"]],
    ["feature fast-snapshot-restore", { features: ["fast-snapshot-restore"] }, ["documented", "scoped", "minimal"]],
    ["feature instance-type-change", { features: ["instance-type-change"] }, ["documented", "scoped", "minimal"]],
    ["feature nlb-security-groups", { features: ["nlb-security-groups"] }, ["documented", "scoped", "minimal"]],
    ["feature nlb-target-group-attributes", { features: ["nlb-target-group-attributes"] }, ["documented", "scoped", "minimal"]],
    // The documented policy allows any service-linked role.
    ["feature spot-instances", { features: ["spot-instances"] }, ["scoped", "minimal"]],
    ["feature volume-cloning", { features: ["volume-cloning"] }, ["documented", "scoped", "minimal"]],
    ["feature volume-snapshots", { features: ["volume-snapshots"] }, ["documented", "scoped", "minimal"]],
  ];

  it.each(INPUTS)("%s", (_, change, modes) => {
    const changed = UNTAGGED_MODES.filter((mode) => textOf(mode, clusterOf(change)) !== textOf(mode, clusterOf()));
    expect(changed).toEqual(modes);
  });

  it("iamNodeRolePath with a role", () => {
    const role = { iamNodeRole: "node" };
    expect(textOf("scoped", clusterOf({ ...role, iamNodeRolePath: "/apps/" }))).not.toBe(textOf("scoped", clusterOf(role)));
  });

  it.each([
    [undefined, true],
    ["1.73", true],
    ["1.74", false],
  ] as const)("disableDefaultSecurityGroup since DKP 1.74: %s", (dkpVersion, granted) => {
    const policy = textOf("minimal", clusterOf({ disableDefaultSecurityGroup: true, dkpVersion }));
    expect(policy.includes("ec2:RevokeSecurityGroupEgress")).toBe(granted);
  });

  it.each([
    ["1.69", true],
    ["1.70", false],
    [undefined, false],
  ] as const)("the ClassicLink reads of DKP up to 1.69: %s", (dkpVersion, granted) => {
    expect(textOf("minimal", clusterOf({ dkpVersion })).includes("ec2:DescribeVpcClassicLink")).toBe(granted);
  });

  it("the bastion of the layout WithNAT", () => {
    const layout = { layout: "WithNAT" } as const;
    expect(textOf("minimal", clusterOf({ ...layout, bastion: true }))).toContain("ec2:AssociateAddress");
    expect(textOf("minimal", clusterOf(layout))).not.toContain("ec2:AssociateAddress");
  });

  it.each(["partition", "region", "account"] as const)("%s, in scoped and minimal", (field) => {
    const environment = { ...ENVIRONMENT, [field]: "elsewhere" };
    const changed = UNTAGGED_MODES.filter((mode) => textOf(mode, clusterOf(), environment) !== textOf(mode, clusterOf()));
    expect(changed).toEqual(["scoped", "minimal"]);
  });
});

describe("the additional permissions", () => {
  it("contain the calls for tags and imdsv2", () => {
    const plain = additionalRowsOf(clusterOf());
    const more = additionalRowsOf(clusterOf({ tags: { a: "b" }, imdsv2: true })).filter((row) => !plain.includes(row));
    expect(more.map(({ action }) => action)).toEqual(["ec2:ModifyInstanceMetadataOptions", "iam:UntagRole"]);
  });
});

describe("the limits of scoped and minimal", () => {
  const statementsOf = (mode: Mode, cluster: Partial<Cluster> = {}) =>
    policyStatements({ mode, supplement: true, cluster: clusterOf(cluster), environment: ENVIRONMENT });
  const LIMITED = ["scoped", "minimal"] as const;
  const snapshot = "arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0";
  const inRegion = { "aws:RequestedRegion": "eu-central-1" };

  it.each(LIMITED)("deny a volume from any snapshot without a snapshot feature: %s", async (mode) => {
    const request = { action: "ec2:CreateVolume", resource: snapshot, context: inRegion };
    const may = (cluster: Partial<Cluster> = {}) => isAllowed(policyDocument(statementsOf(mode, cluster)), request);
    expect(await may()).toBe(false);
    expect(await may({ features: ["volume-snapshots"] })).toBe(true);
    expect(await may({ features: ["fast-snapshot-restore"] })).toBe(true);
  });

  it.each(LIMITED)("have no peering actions without peered VPCs: %s", (mode) => {
    expect(JSON.stringify(statementsOf(mode))).not.toContain('VpcPeeringConnection"');
  });

  it.each(LIMITED)("allow peering only with the peered VPCs and accounts: %s", (mode) => {
    const peering = { peeredVPCs: ["vpc-0123456789abcdef0"], peerAccountIds: ["222222222222"] };
    expect(statementsOf(mode, peering).find(({ sid }) => sid === "Peerings")?.conditions).toEqual([
      {
        test: "ArnEquals",
        variable: "ec2:AccepterVpc",
        values: [
          "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0123456789abcdef0",
          "arn:aws:ec2:eu-central-1:222222222222:vpc/*",
        ],
      },
      { test: "ArnEquals", variable: "ec2:RequesterVpc", values: ["arn:aws:ec2:eu-central-1:123456789012:vpc/*"] },
    ]);
  });

  it.each(LIMITED)("allow grants on KMS keys only for AWS services: %s", (mode) => {
    const conditions = (sid: string) =>
      statementsOf(mode, { features: ["encrypted-volumes"] })
        .find((statement) => statement.sid === sid)
        ?.conditions.map(({ test, variable }) => `${test} ${variable}`);
    expect(conditions("GrantsOnKeys")).toEqual(["Bool kms:GrantIsForAWSResource", "StringEquals kms:ViaService"]);
    expect(conditions("KeysOfDisks")).toEqual(["StringEquals kms:ViaService"]);
  });

  it.each(LIMITED)("allow only the tag keys of the cluster on the node role: %s", (mode) => {
    expect(statementsOf(mode, { tags: { team: "a", cost: "b" } }).find(({ sid }) => sid === "NodeRoleTags")).toEqual({
      sid: "NodeRoleTags",
      actions: ["iam:TagRole", "iam:UntagRole"],
      resources: ["arn:aws:iam::123456789012:role/dev-node"],
      conditions: [{ test: "ForAllValues:StringEquals", variable: "aws:TagKeys", values: ["cost", "team"] }],
    });
    expect(statementsOf(mode).flatMap(({ actions }) => actions)).not.toContain("iam:TagRole");
  });
});

describe("the KMS statements", () => {
  const statementOf = (cluster: Partial<Cluster>, environment = ENVIRONMENT) =>
    policyStatements({
      mode: "minimal",
      supplement: true,
      cluster: clusterOf({ features: ["encrypted-volumes"], ...cluster }),
      environment,
    }).find(({ actions }) => actions.includes("kms:Decrypt"));

  // Source: KMS Developer Guide, "kms:ViaService": the suffix is .amazonaws.com in all partitions.
  it.each([
    ["aws", "eu-central-1", "ec2.eu-central-1.amazonaws.com"],
    ["aws-cn", "cn-north-1", "ec2.cn-north-1.amazonaws.com"],
    ["aws-us-gov", "us-gov-west-1", "ec2.us-gov-west-1.amazonaws.com"],
  ])("allow calls of EC2 under its name in partition %s", (partition, region, name) => {
    const conditions = statementOf({}, { ...ENVIRONMENT, partition, region })?.conditions;
    expect(conditions).toContainEqual({ test: "StringEquals", variable: "kms:ViaService", values: [name] });
  });

  it("allow only the keys of kmsKeyArns if there are any", () => {
    expect(statementOf({ kmsKeyArns: [KMS_KEY] })?.resources).toEqual([KMS_KEY]);
    expect(statementOf({})?.resources).toEqual(["arn:aws:kms:eu-central-1:123456789012:key/*"]);
  });
});

describe("the size of a policy", () => {
  it("counts no white space, and an unknown account as 12 digits", () => {
    const options = { mode: "scoped", supplement: true, cluster: clusterOf(), environment: ENVIRONMENT } as const;
    expect(policySize(requiredStatements(options))).toBe(policySize(policyStatements(options)));
  });
});

describe("policyStatements", () => {
  it("takes less than 5 ms", () => {
    const times = Array.from({ length: 21 }, () => {
      const start = performance.now();
      policySize(
        policyStatements({
          mode: "minimal",
          supplement: true,
          cluster: EVERYTHING,
          environment: ENVIRONMENT,
        }),
      );
      return performance.now() - start;
    }).sort((one, other) => one - other);
    expect(times[10]).toBeLessThan(5);
  });

  it("uses no IAM reference data, which is only for tests", () => {
    const root = join(PROJECT, "src");
    const sources = readdirSync(root, {
      recursive: true,
      encoding: "utf8",
    }).filter((name) => name.endsWith(".ts"));
    expect(sources.filter((name) => readFileSync(join(root, name), "utf8").includes("@cloud-copilot"))).toEqual([]);
  });
});

describe("a Condition element", () => {
  it("keeps every condition that shares an operator with another", () => {
    const conditions = [
      { test: "StringEquals", variable: "aws:RequestedRegion", values: ["eu-central-1"] },
      { test: "Bool", variable: "kms:GrantIsForAWSResource", values: ["true"] },
      { test: "StringEquals", variable: "ec2:Owner", values: ["amazon", "self"] },
    ] as const;
    expect(conditionBlock(conditions, (values) => values)).toEqual({
      Condition: {
        StringEquals: { "aws:RequestedRegion": ["eu-central-1"], "ec2:Owner": ["amazon", "self"] },
        Bool: { "kms:GrantIsForAWSResource": ["true"] },
      },
    });
  });

  it("is absent without conditions", () => {
    expect(conditionBlock([], (values) => values)).toEqual({});
  });
});

describe("the statement for allowed networks", () => {
  const networks = {
    cidrs: ["203.0.113.0/24", "2001:db8::/32"],
    vpcs: ["vpc-0123456789abcdef0"],
    vpcEndpoints: ["vpce-0123456789abcdef0"],
  };
  const first = (allowedNetworks: typeof networks) =>
    policyDocument(
      policyStatements({ mode: "scoped", supplement: true, cluster: clusterOf(), environment: ENVIRONMENT, allowedNetworks }),
    ).Statement[0];

  it("denies requests that come from none of them", () => {
    expect(first(networks)).toEqual({
      Sid: "DenyOtherNetworks",
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: {
        BoolIfExists: { "aws:ViaAWSService": "false" },
        NotIpAddressIfExists: { "aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"] },
        StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-0123456789abcdef0", "aws:SourceVpce": "vpce-0123456789abcdef0" },
      },
    });
  });

  it("has no condition for a kind of network without values", () => {
    expect(first({ ...networks, cidrs: [], vpcEndpoints: [] })?.Condition).toEqual({
      BoolIfExists: { "aws:ViaAWSService": "false" },
      StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-0123456789abcdef0" },
    });
  });

  it("is the only difference to a policy for every network", () => {
    for (const mode of UNTAGGED_MODES) {
      const options = { mode, supplement: true, cluster: EVERYTHING, environment: ENVIRONMENT };
      expect(policyStatements({ ...options, allowedNetworks: networks }).slice(1)).toEqual(policyStatements(options));
    }
  });
});
