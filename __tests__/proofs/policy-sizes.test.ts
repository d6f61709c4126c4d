import type { Feature } from "../../src/iam/catalogue";
import { type Cluster, LAYOUTS } from "../../src/iam/cluster";
import { dividedPolicies, isTooLarge } from "../../src/iam/deployment-policies";
import { MAX_POLICY_CHARACTERS } from "../../src/iam/limits";
import type { Networks } from "../../src/iam/networks";
import { policySize } from "../../src/iam/policy-document";
import { type Environment, requiredStatements } from "../../src/iam/policy-statements";
import { clusterOf, EVERYTHING, FEATURE_NAMES } from "../helpers/clusters";
import { rows } from "../helpers/complete";

/** The partitions with long names and Regions. */
const ENVIRONMENTS: readonly Environment[] = [
  { partition: "aws", region: "ap-southeast-1" },
  { partition: "aws-cn", region: "cn-northwest-1" },
  { partition: "aws-us-gov", region: "us-gov-west-1" },
  { partition: "aws-iso-b", region: "us-isob-east-1" },
];

const FEATURE_SETS = rows(
  Array.from({ length: 2 ** FEATURE_NAMES.length }, (_, bits): readonly Feature[] =>
    FEATURE_NAMES.filter((_name, at) => (bits >> at) % 2 === 1),
  ),
  16,
);

const many = (count: number, of: (number: string) => string) =>
  Array.from({ length: count }, (_, index) => of(String(index).padStart(3, "0")));
const LISTS = {
  peeredVPCs: (count: number) => many(count, (number) => `vpc-01234567890abc${number}`),
  peerAccountIds: (count: number) => many(count, (number) => `222222222${number}`),
  formerIamNodeRoles: (count: number) => many(count, (number) => `/apps/former-role-of-the-nodes-${number}`),
  kmsKeyArns: (count: number) =>
    many(count, (number) => `arn:aws-us-gov:kms:us-gov-west-1:333333333333:key/01234567-89ab-cdef-0123-456789abc${number}`),
  tags: (count: number) => Object.fromEntries(many(count, (number) => `a-key-of-a-tag-${number}`).map((key) => [key, "v"])),
} satisfies Partial<Record<keyof Cluster, (count: number) => unknown>>;
const networks = (count: number): Networks => ({
  cidrs: many(count, (number) => `203.${number}.113.0/24`.replace(/\.0+(?=\d)/g, ".")),
  vpcs: [],
  vpcEndpoints: [],
});

/** The longest prefix and name of a role, and several of everything that a cluster has more than one of. */
const LONGEST: Partial<Cluster> = {
  prefix: "p".repeat(59),
  iamNodeRole: "r".repeat(64),
  iamNodeRolePath: "/apps/",
  formerIamNodeRoles: [`/apps/${"f".repeat(64)}`],
  peeredVPCs: LISTS.peeredVPCs(3),
  peerAccountIds: LISTS.peerAccountIds(3),
  kmsKeyArns: LISTS.kmsKeyArns(2),
  tags: LISTS.tags(10),
  imdsv2: true,
  bastion: true,
};

const policiesOf = (environment: Environment, cluster: Cluster, allowedNetworks?: Networks) =>
  dividedPolicies(requiredStatements({ mode: "scoped", supplement: true, environment, cluster, allowedNetworks }));

it("each of two policies has space for the longest names, in every partition and with every set of features", () => {
  const sizes: [number[], number[], number[]] = [[], [], []];
  for (const environment of ENVIRONMENTS) {
    for (const features of FEATURE_SETS) {
      for (const layout of LAYOUTS) {
        const policies = policiesOf(environment, clusterOf({ ...LONGEST, layout, features }), networks(30));
        const [one = 0, two] = policies.map(policySize);
        (two === undefined ? sizes[0] : sizes[1]).push(one);
        sizes[2].push(two ?? 0);
      }
    }
  }
  const [alone, ec2, others] = sizes.map((all) => Math.max(0, ...all));
  process.stderr.write(`longest policies: EC2 ${ec2}, other services ${others}, one for all ${alone} characters\n`);
  expect(Math.max(ec2 ?? 0, others ?? 0)).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
});

it("the lists of settings have space for more than a cluster uses", () => {
  const largest = { ...EVERYTHING, ...LONGEST, features: FEATURE_NAMES };
  const [environment] = ENVIRONMENTS.slice(2) as [Environment];
  const fits = (cluster: Cluster, allowed: Networks) => !policiesOf(environment, cluster, allowed).some(isTooLarge);
  const most = (isFitting: (count: number) => boolean) =>
    Array.from({ length: 500 }, (_, index) => index).findLast((count) => isFitting(count)) ?? 0;
  const found = {
    ...Object.fromEntries(
      Object.entries(LISTS).map(([field, list]) => [
        field,
        most((count) => fits({ ...largest, [field]: list(count) }, networks(30))),
      ]),
    ),
    allowedNetworks: most((count) => fits(largest, networks(count))),
  };
  process.stderr.write(`elements of lists, beside the others: ${JSON.stringify(found)}\n`);
  expect(Math.min(...Object.values(found))).toBeGreaterThan(5);
});
