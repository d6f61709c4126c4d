import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../../src/iam/cluster";
import { conditionBlock, policyDocument, policySize } from "../../src/iam/policy-document";
import { MODES, type Mode, policyStatements, supplementOf } from "../../src/iam/policy-statements";
import { clusterOf, EVERYTHING, PLACE } from "../helpers/clusters";

const textOf = (mode: Mode, cluster: Cluster, place = PLACE) =>
  JSON.stringify(policyDocument(policyStatements({ mode, supplement: true, cluster, place })));

describe("the scoped policy of a plain cluster", () => {
  const statements = policyStatements({
    mode: "scoped",
    supplement: true,
    cluster: clusterOf(),
    place: PLACE,
  });

  it("has these statements", () => {
    const shape = statements.map(({ sid, actions, resources, conditions }) => [sid, actions.length, resources, conditions]);
    expect(shape).toMatchInlineSnapshot(`
      [
        [
          "Account",
          1,
          [
            "*",
          ],
          [],
        ],
        [
          "Read",
          35,
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
          45,
          [
            "arn:aws:ec2:eu-central-1:123456789012:*",
            "arn:aws:ec2:eu-central-1::snapshot/*",
          ],
          [],
        ],
        [
          "KeyPair",
          3,
          [
            "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev",
          ],
          [],
        ],
        [
          "RunInstances",
          1,
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
          23,
          [
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:*",
          ],
          [],
        ],
        [
          "KeysOfDisks",
          1,
          [
            "arn:aws:kms:eu-central-1:123456789012:key/*",
          ],
          [
            {
              "test": "BoolIfExists",
              "values": [
                "true",
              ],
              "variable": "kms:GrantIsForAWSResource",
            },
            {
              "test": "StringEquals",
              "values": [
                "ec2.eu-central-1.amazonaws.com",
              ],
              "variable": "kms:ViaService",
            },
          ],
        ],
        [
          "NodeRole",
          15,
          [
            "arn:aws:iam::123456789012:role/dev-node",
            "arn:aws:iam::123456789012:instance-profile/dev-node",
          ],
          [],
        ],
        [
          "PassNodeRole",
          1,
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
          1,
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

  it("limits what is known by name to that name", () => {
    const named = statements.filter(({ sid }) => ["KeyPair", "NodeRole", "PassNodeRole"].includes(sid));
    expect(named.flatMap(({ resources }) => resources)).toEqual([
      "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev",
      "arn:aws:iam::123456789012:role/dev-node",
      "arn:aws:iam::123456789012:instance-profile/dev-node",
      "arn:aws:iam::123456789012:role/dev-node",
    ]);
  });

  it("never puts IAM or STS under a condition on the region: they are asked in a region of their own", () => {
    const global = statements.filter(({ actions }) => actions.some((action) => /^(iam|sts):/.test(action)));
    expect(global.flatMap(({ conditions }) => conditions.map(({ variable }) => variable))).toEqual([
      "iam:PassedToService",
      "iam:AWSServiceName",
    ]);
  });
});

describe("every input of a policy has an effect, and only where it should", () => {
  /** What each input changes, by mode, against a plain cluster. `-` is nothing. */
  const INPUTS: readonly (readonly [string, Partial<Cluster>, readonly Mode[]])[] = [
    ["prefix", { prefix: "prod" }, ["scoped", "minimal"]],
    ["layout", { layout: "WithoutNAT" }, ["minimal"]],
    ["existingVPCID", { existingVPCID: "vpc-0123456789abcdef0" }, ["minimal"]],
    ["peeredVPCs", { peeredVPCs: ["vpc-0123456789abcdef0"] }, ["minimal"]],
    ["peerAccountIds", { peerAccountIds: ["222222222222"] }, ["scoped", "minimal"]],
    ["iamNodeRole", { iamNodeRole: "node" }, ["scoped", "minimal"]],
    ["iamNodeRolePath without a role", { iamNodeRolePath: "/apps/" }, []],
    ["formerIamNodeRoles", { formerIamNodeRoles: ["/old"] }, ["scoped", "minimal"]],
    ["tags", { tags: { a: "b" } }, ["documented", "scoped", "minimal"]],
    ["imdsv2", { imdsv2: true }, ["documented", "scoped", "minimal"]],
    ["disableDefaultSecurityGroup", { disableDefaultSecurityGroup: true }, ["minimal"]],
    ["bastion without NAT", { bastion: true }, []],
    ["feature drift-repair", { features: ["drift-repair"] }, ["documented", "scoped", "minimal"]],
    ["feature encrypted-volumes", { features: ["encrypted-volumes"] }, ["documented", "scoped", "minimal"]],
    ["feature fast-snapshot-restore", { features: ["fast-snapshot-restore"] }, ["documented", "scoped", "minimal"]],
    ["feature instance-type-change", { features: ["instance-type-change"] }, ["documented", "scoped", "minimal"]],
    ["feature nlb-security-groups", { features: ["nlb-security-groups"] }, ["documented", "scoped", "minimal"]],
    ["feature nlb-target-group-attributes", { features: ["nlb-target-group-attributes"] }, ["documented", "scoped", "minimal"]],
    // The documented policy lets it make any service-linked role.
    ["feature spot-instances", { features: ["spot-instances"] }, ["scoped", "minimal"]],
    ["feature volume-cloning", { features: ["volume-cloning"] }, ["documented", "scoped", "minimal"]],
    ["feature volume-snapshots", { features: ["volume-snapshots"] }, ["documented", "scoped", "minimal"]],
  ];

  it.each(INPUTS)("%s", (_, change, modes) => {
    const changed = MODES.filter((mode) => textOf(mode, clusterOf(change)) !== textOf(mode, clusterOf()));
    expect(changed).toEqual(modes);
  });

  it("iamNodeRolePath with a role", () => {
    const role = { iamNodeRole: "node" };
    expect(textOf("scoped", clusterOf({ ...role, iamNodeRolePath: "/apps/" }))).not.toBe(textOf("scoped", clusterOf(role)));
  });

  it("the bastion of the layout WithNAT", () => {
    const layout = { layout: "WithNAT" } as const;
    expect(textOf("minimal", clusterOf({ ...layout, bastion: true }))).toContain("ec2:AssociateAddress");
    expect(textOf("minimal", clusterOf(layout))).not.toContain("ec2:AssociateAddress");
  });

  it.each(["partition", "region", "account"] as const)("%s, in scoped and minimal", (field) => {
    const place = { ...PLACE, [field]: "elsewhere" };
    const changed = MODES.filter((mode) => textOf(mode, clusterOf(), place) !== textOf(mode, clusterOf()));
    expect(changed).toEqual(["scoped", "minimal"]);
  });
});

describe("the supplement", () => {
  it("is one action for a plain cluster", () => {
    expect(supplementOf(clusterOf()).map(({ action }) => action)).toEqual(["ec2:DescribeAddressesAttribute"]);
  });

  it("adds what tags and imdsv2 call", () => {
    expect(supplementOf(clusterOf({ tags: { a: "b" }, imdsv2: true })).map(({ action }) => action)).toEqual([
      "ec2:DescribeAddressesAttribute",
      "ec2:ModifyInstanceMetadataOptions",
      "iam:UntagRole",
    ]);
  });
});

describe("the size of a policy", () => {
  it("counts no white space, and an account that is not known yet as 12 digits", () => {
    const statements = (account: string) =>
      policyStatements({
        mode: "scoped",
        supplement: true,
        cluster: clusterOf(),
        place: { ...PLACE, account },
      });
    expect(policySize(statements("$" + "{data.aws_caller_identity.current.account_id}"))).toBe(
      policySize(statements("123456789012")),
    );
  });

  it.each([
    ["documented", clusterOf(), 4048],
    ["scoped", clusterOf(), 5702],
    ["minimal", clusterOf(), 4956],
    ["scoped", EVERYTHING, 6770],
    ["minimal", EVERYTHING, 6452],
  ] as const)("in mode %s is what it was", (mode, cluster, size) => {
    expect(policySize(policyStatements({ mode, supplement: true, cluster, place: PLACE }))).toBe(size);
  });
});

describe("making a policy", () => {
  it("takes less than 5 ms", () => {
    const times = Array.from({ length: 21 }, () => {
      const start = performance.now();
      policySize(
        policyStatements({
          mode: "minimal",
          supplement: true,
          cluster: EVERYTHING,
          place: PLACE,
        }),
      );
      return performance.now() - start;
    }).sort((one, other) => one - other);
    expect(times[10]).toBeLessThan(5);
  });

  it("needs no IAM reference data: that is for the tests", () => {
    const root = join(__dirname, "../../src");
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
      { test: "BoolIfExists", variable: "kms:GrantIsForAWSResource", values: ["true"] },
      { test: "StringEquals", variable: "ec2:Owner", values: ["amazon", "self"] },
    ] as const;
    expect(conditionBlock(conditions, (values) => values)).toEqual({
      Condition: {
        StringEquals: { "aws:RequestedRegion": ["eu-central-1"], "ec2:Owner": ["amazon", "self"] },
        BoolIfExists: { "kms:GrantIsForAWSResource": ["true"] },
      },
    });
  });

  it("is absent without conditions", () => {
    expect(conditionBlock([], (values) => values)).toEqual({});
  });
});
