import * as fc from "fast-check";
import { FEATURES, type Feature } from "../../src/iam/catalogue";
import { type Cluster, LAYOUTS, PLAIN_CLUSTER } from "../../src/iam/cluster";
import { policyDocument } from "../../src/iam/policy-document";
import {
  type Environment,
  type Mode,
  type PolicyOptions,
  policyStatements,
} from "../../src/iam/policy-statements";

export function clusterOf(given: Partial<Cluster> = {}): Cluster {
  return { ...PLAIN_CLUSTER, prefix: "dev", layout: "Standard", ...given };
}

export const FEATURE_NAMES = Object.keys(FEATURES) as Feature[];

export const EVERYTHING = clusterOf({
  layout: "WithNAT",
  bastion: true,
  peeredVPCs: ["vpc-0123456789abcdef0"],
  peerAccountIds: ["222222222222"],
  iamNodeRole: "dkp-node",
  iamNodeRolePath: "/apps/",
  formerIamNodeRoles: ["/old/dkp-node"],
  tags: { team: "platform" },
  imdsv2: true,
  features: FEATURE_NAMES,
});

export const ENVIRONMENT: Required<Environment> = {
  partition: "aws",
  region: "eu-central-1",
  account: "123456789012",
};

export const optionsWith = (
  mode: Mode,
  cluster = clusterOf(),
  environment: Environment = ENVIRONMENT,
): PolicyOptions => ({
  mode,
  environment,
  cluster,
});

/** Whatever its size is. */
export const wholePolicy = (options: PolicyOptions) => policyDocument(policyStatements(options));

const ENVIRONMENTS = [
  ENVIRONMENT,
  { partition: "aws-cn", region: "cn-north-1", account: "123456789012" },
  { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" },
  { partition: "aws-iso", region: "us-iso-east-1", account: "123456789012" },
];

/** A KMS key of another account. */
export const KMS_KEY =
  "arn:aws:kms:eu-central-1:333333333333:key/01234567-89ab-cdef-0123-456789abcdef";

const prefix = fc.stringMatching(/^[a-z0-9][-a-z0-9]{0,57}[a-z0-9]$/);
const roleName = fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,64}$/);
const rolePath = fc.constantFrom("/", "/apps/", "/platform/dkp/nodes/");
const accountId = fc.stringMatching(/^[0-9]{12}$/);

export const anyCluster: fc.Arbitrary<Cluster> = fc.record({
  prefix,
  layout: fc.constantFrom(...LAYOUTS),
  existingVPCID: fc.option(fc.constant("vpc-0123456789abcdef0"), { nil: undefined }),
  peeredVPCs: fc.array(fc.constant("vpc-0123456789abcdef1"), { maxLength: 1 }),
  peerAccountIds: fc.uniqueArray(accountId, { maxLength: 2 }),
  iamNodeRole: fc.option(roleName, { nil: undefined }),
  iamNodeRolePath: rolePath,
  formerIamNodeRoles: fc.uniqueArray(
    fc.tuple(rolePath, roleName).map(([path, name]) => `${path}${name}`),
    { maxLength: 2 },
  ),
  tags: fc.dictionary(fc.constantFrom("team", "cost"), fc.constant("a"), { maxKeys: 2 }),
  imdsv2: fc.option(fc.boolean(), { nil: undefined }),
  disableDefaultSecurityGroup: fc.boolean(),
  bastion: fc.boolean(),
  kmsKeyArns: fc.subarray([KMS_KEY, KMS_KEY.replace("9", "8")]),
  features: fc.subarray(FEATURE_NAMES),
});

/** Without the mode. */
export const anyOptions: fc.Arbitrary<Omit<PolicyOptions, "mode">> = fc.record({
  environment: fc.constantFrom(...ENVIRONMENTS),
  cluster: anyCluster,
});
