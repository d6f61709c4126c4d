import * as ipaddr from "ipaddr.js";
import * as v from "valibot";
import { COUNTRIES, DIRECTIONS, isKnownRegion, REGION } from "../../iam/arns";
import { FIRST_POLICY_NAME, POLICY_PATH, USER_NAME } from "../../iam/limits";
import type { Networks } from "../../iam/networks";
import { MODES } from "../../iam/policy-statements";
import { nearest, show } from "../errors";
import type { Settings, SettingsInput } from "../settings";
import { accessKeys, imports, nodeRole } from "./access-schema";
import { backend, cloud } from "./backend-schema";
import { cluster, features } from "./cluster-schema";
import * as f from "./primitives";

// The schema of `deployments/<stack>.yaml`. Descriptions go into the JSON schema and
// docs/reference/settings.md.

const region = v.pipe(
  f.matching(
    REGION,
    'does not have the form of an AWS Region; write one such as "eu-central-1" or "us-gov-west-1"',
  ),
  v.check(
    (value) => intendedRegion(value) === value,
    ({ input }) =>
      `${show(input)} is no Region that this version knows; ` +
      `did you mean "${intendedRegion(input)}"?`,
  ),
);

/**
 * The Region that a misspelled one stands for. A new Region has directions of the known ones; a new
 * country is none with the letters of a known one: "ue" stands for "eu".
 */
function intendedRegion(region: string): string {
  const sorted = (word: string) => [...word].sort().join("");
  const located = region.replace(
    /^[a-z]+/,
    (word) => COUNTRIES.find((known) => sorted(known) === sorted(word)) ?? word,
  );
  const corrected = located.replaceAll(/(?<=-)(?!iso)[a-z]{3,}/g, (word) =>
    DIRECTIONS.includes(word) ? word : (nearest(word, DIRECTIONS) ?? word),
  );
  return isKnownRegion(corrected) ? corrected : region;
}

const NO_ACCOUNT = f.because("is not an AWS account ID: 12 digits, in quotes");
const accountId = v.pipe(v.string(NO_ACCOUNT), v.regex(/^\d{12}$/, NO_ACCOUNT));

export const PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0";

const provider = f.strict<Settings["provider"]>({
  version: f.identity(
    f.nonEmptyString,
    "Version range of `hashicorp/aws`. The tests run 5.100, " +
      "and the bindings were generated from 6.x",
    PROVIDER_VERSIONS,
  ),
  profile: f.identity(f.nonEmptyString, "Profile of the AWS configuration files to apply with"),
  assumeRoleArn: f.identity(f.arn("role"), "Role to assume before applying"),
});

/** Public addresses, as `aws:SourceIp` takes them. */
const cidrBlock = v.pipe(
  v.string(),
  v.check(
    (value) => cidrError(value) === undefined,
    ({ input }) => `${show(input)} ${cidrError(input)}`,
  ),
);

/**
 * Addresses that no request to a public endpoint of AWS has. Source: IANA IPv4 and IPv6
 * Special-Purpose Address Registries.
 */
const NOT_PUBLIC: readonly string[] = [
  "carrierGradeNat",
  "linkLocal",
  "loopback",
  "private",
  "uniqueLocal",
];

/** A continuation of the value; undefined if it is a CIDR block of public addresses. */
function cidrError(value: string): string | undefined {
  const isIpv6 = value.includes(":");
  // A zone (fe80::1%eth0) and an embedded IPv4 address are no part of a CIDR block.
  if (
    /%|:.*\.|\/0\d/.test(value) ||
    !(isIpv6 ? ipaddr.IPv6.isValidCIDR(value) : ipaddr.IPv4.isValidCIDRFourPartDecimal(value))
  ) {
    return "is not a CIDR block; write for example 203.0.113.0/24 or 2001:db8::/32";
  }
  const [address, length] = ipaddr.parseCIDR(value);
  if (length === 0) {
    return (
      "contains every address, which restricts nothing; " +
      "write the public addresses of the cluster, or remove it"
    );
  }
  const first = (isIpv6 ? ipaddr.IPv6 : ipaddr.IPv4).networkAddressFromCIDR(value).toString();
  if (first !== address.toString()) {
    return (
      "has bits set after its prefix length; " +
      `write ${first}/${length}, or ${isIpv6 ? "/128" : "/32"} for one address`
    );
  }
  return NOT_PUBLIC.includes(address.range())
    ? "is not public, and no request to AWS has such a source address; " +
        "write the public address of the NAT gateway, or the VPC in vpcs if it has VPC endpoints"
    : undefined;
}

const vpcEndpointId = f.matching(
  /^vpce-[0-9a-f]{8,17}$/,
  "is not the ID of a VPC endpoint, which reads vpce-0123456789abcdef0",
);

const allowedNetworks = v.pipe(
  f.strict<Networks>({
    cidrs: f.permissions(
      v.array(cidrBlock),
      "Public addresses, as CIDR blocks, of NAT gateways, of nodes, and of whoever runs `dhctl`",
      [],
    ),
    vpcs: f.permissions(
      v.array(f.vpcId),
      "VPCs whose requests to AWS go through VPC endpoints",
      [],
    ),
    vpcEndpoints: f.permissions(v.array(vpcEndpointId), "VPC endpoints", []),
  }),
  v.check(
    ({ cidrs, vpcs, vpcEndpoints }) => [...cidrs, ...vpcs, ...vpcEndpoints].length > 0,
    "names no network, and would deny every request; " +
      "write cidrs, vpcs or vpcEndpoints, or remove it",
  ),
);

const user = f.strict<Settings["user"]>({
  name: f.breaking(
    f.following(USER_NAME),
    "Name of the IAM user. Changing it on a live deployment would replace the key; see `protect`",
    "deckhouse",
  ),
  path: f.attention(f.path, "IAM path of the user", "/"),
  permissionsBoundary: f.attention(
    f.arn("policy"),
    "ARN of the policy that limits the permissions of the user",
  ),
  allowedNetworks: f.permissions(
    allowedNetworks,
    "The networks that requests with the key may come from, any of them: " +
      "the policy denies requests from all others, so that a leaked key is useless there",
  ),
});

const policy = f.strict<Settings["policy"]>({
  name: f.breaking(
    f.following(FIRST_POLICY_NAME, "; folders belong into policy.path"),
    "Name of the managed policy",
    "D8CloudProviderAWS",
  ),
  path: f.breaking(f.following(POLICY_PATH), "IAM path of the policy", "/"),
  mode: f.permissions(
    f.choice(MODES),
    "The permissions, from most to least: `documented`, `scoped`, " +
      "`minimal` (docs/explanation/policies.md)",
    "documented",
  ),
});

const outputs = f.strict<Settings["outputs"]>({
  secret: f.exposure(
    v.pipe(v.boolean(), f.harmlessAs(false)),
    "Puts the secret access key among the outputs. " +
      "Every workspace that reads one output gets all of them",
    true,
  ),
});

export const deploymentSchema: f.Schema<Settings, SettingsInput> = f.strict({
  region: f.field(
    region,
    "identity",
    "Region DKP will run in; the partition (`aws`, `aws-cn`, `aws-us-gov`, ...) follows from it",
  ),
  backend: f.exposure(
    backend,
    "Location of the state: one backend type with its arguments in Terraform's spelling",
  ),
  cloud: f.exposure(
    cloud,
    "Instead of `backend`: Terraform's `cloud` block, `{ organization, workspaces: { name } }`",
  ),
  accountId: f.identity(
    accountId,
    "AWS account, 12 digits in quotes; Terraform then refuses to run in any other",
  ),
  provider: v.optional(provider, {}),
  tags: f.attention(f.tags, "Tags of everything that takes them (provider `default_tags`)"),
  user: v.optional(user, {}),
  policy: v.optional(policy, {}),
  nodeRole: v.optional(nodeRole),
  accessKeys: v.optional(accessKeys, {}),
  import: v.optional(v.pipe(imports, f.harmlessAs(false, undefined))),
  outputs: v.optional(outputs, {}),
  cluster: v.optional(cluster, {}),
  features: v.optional(features, []),
  protect: f.attention(
    v.pipe(v.boolean(), f.harmlessAs(true)),
    "`prevent_destroy`: every plan that deletes the user, the policy or Terraform's key fails",
    true,
  ),
});
