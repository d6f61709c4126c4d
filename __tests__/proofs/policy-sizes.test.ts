import { LAYOUTS } from "../../src/iam/cluster";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import { policySize } from "../../src/iam/policy-document";
import { requiredStatements } from "../../src/iam/policy-statements";
import { clusterOf, FEATURE_NAMES, optionsWith } from "../helpers/clusters";
import { rows } from "../helpers/complete";

/** The partitions with long names and Regions. */
const ENVIRONMENTS = [
  { partition: "aws", region: "ap-southeast-1" },
  { partition: "aws-cn", region: "cn-northwest-1" },
  { partition: "aws-us-gov", region: "us-gov-west-1" },
  { partition: "aws-iso-b", region: "us-isob-east-1" },
];

const FEATURE_SETS = rows(
  Array.from({ length: 2 ** FEATURE_NAMES.length }, (_, bits) =>
    FEATURE_NAMES.filter((_name, at) => (bits >> at) % 2 === 1),
  ),
  16,
);

const many = (count: number, of: (number: string) => string) =>
  Array.from({ length: count }, (_, index) => of(String(index).padStart(3, "0")));
const allowedNetworks = {
  cidrs: many(30, (number) => `203.${Number(number)}.113.0/24`),
  vpcs: [],
  vpcEndpoints: [],
};

/**
 * The longest prefix and name of a role, and several of each part that a cluster can have more than
 * one of.
 */
const LONGEST = {
  prefix: "p".repeat(59),
  iamNodeRole: "r".repeat(64),
  iamNodeRolePath: "/apps/",
  formerIamNodeRoles: [`/apps/${"f".repeat(64)}`],
  peeredVPCs: many(3, (number) => `vpc-01234567890abc${number}`),
  peerAccountIds: many(3, (number) => `222222222${number}`),
  kmsKeyArns: many(
    2,
    (number) =>
      `arn:aws-us-gov:kms:us-gov-west-1:333333333333:key/01234567-89ab-cdef-0123-456789abc${number}`,
  ),
  tags: Object.fromEntries(
    many(10, (number) => `a-key-of-a-tag-${number}`).map((key) => [key, "v"]),
  ),
  imdsv2: true,
  bastion: true,
};

it("each of two policies has space for the longest names, in every partition and with every set of features", () => {
  const sizes: [ec2: number[], others: number[]] = [[], []];
  for (const environment of ENVIRONMENTS) {
    for (const features of FEATURE_SETS) {
      for (const layout of LAYOUTS) {
        const cluster = clusterOf({ ...LONGEST, layout, features });
        const statements = requiredStatements({
          ...optionsWith("scoped", cluster, environment),
          allowedNetworks,
        });
        dividedPolicies(statements).forEach((part, index) => {
          sizes[index]?.push(policySize(part));
        });
      }
    }
  }
  const [ec2 = 0, others = 0] = sizes.map((all) => Math.max(...all));
  process.stderr.write(`longest policies: EC2 ${ec2}, other services ${others} characters\n`);
  expect(Math.max(ec2, others)).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
});
