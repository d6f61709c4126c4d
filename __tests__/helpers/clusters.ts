import * as fc from "fast-check";
import { FEATURES, type Feature } from "../../src/iam/catalogue";
import { type Cluster, LAYOUTS, PLAIN_CLUSTER } from "../../src/iam/cluster";
import type { Place, PolicyOptions } from "../../src/iam/policy-statements";

/** A cluster with prefix `dev` and layout `Standard`, where nothing else is said. */
export function clusterOf(given: Partial<Cluster> = {}): Cluster {
  return { ...PLAIN_CLUSTER, prefix: "dev", layout: "Standard", ...given };
}

export const FEATURE_NAMES = Object.keys(FEATURES) as Feature[];

/** A cluster that does everything there is. */
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

export const PLACE: Place = { partition: "aws", region: "eu-central-1", account: "123456789012" };

const PLACES: readonly Place[] = [
  PLACE,
  { partition: "aws-cn", region: "cn-north-1", account: "123456789012" },
  { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" },
  { partition: "aws-iso", region: "us-iso-east-1", account: "123456789012" },
];

const prefix = fc.stringMatching(/^[a-z0-9][-a-z0-9]{0,57}[a-z0-9]$/);
const roleName = fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,64}$/);
const rolePath = fc.constantFrom("/", "/apps/", "/platform/dkp/nodes/");
const accountId = fc.stringMatching(/^[0-9]{12}$/);

/** Any cluster that the settings can describe, everything optional. */
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
  imdsv2: fc.boolean(),
  disableDefaultSecurityGroup: fc.boolean(),
  bastion: fc.boolean(),
  features: fc.subarray(FEATURE_NAMES),
});

/** Any policy options but the mode. */
export const anyOptions: fc.Arbitrary<Omit<PolicyOptions, "mode">> = fc.record({
  supplement: fc.boolean(),
  place: fc.constantFrom(...PLACES),
  cluster: anyCluster,
});
