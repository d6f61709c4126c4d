import type { PolicyCondition } from "./policy-document";

/** Networks that requests come from. Any of them is sufficient. */
export interface Networks {
  /** Public addresses, as CIDR blocks: `203.0.113.0/24`, `2001:db8::/32`. */
  readonly cidrs: readonly string[];
  /** IDs of VPCs whose requests go through a VPC endpoint. */
  readonly vpcs: readonly string[];
  /** IDs of VPC endpoints. */
  readonly vpcEndpoints: readonly string[];
}

/**
 * The conditions under which a request comes from none of the networks: all must hold. A key
 * without values has no condition. A negated operator holds for a request without the key, with and
 * without `IfExists`. Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
 *
 * `aws:CalledVia` is not used, because only a few services set it. Source: IAM User Guide, "Forward
 * access sessions".
 */
export function otherNetworkConditions({
  cidrs,
  vpcs,
  vpcEndpoints,
}: Networks): readonly PolicyCondition[] {
  const conditions: readonly PolicyCondition[] = [
    // True for a request that a service makes on behalf of the user (forward access session): it is
    // exempt, because it has no aws:SourceVpc and no aws:SourceVpce of the first request. IfExists,
    // because a service can lack the key (earlier editions of the IAM User Guide name EC2): without
    // it, the Deny would not apply to the calls of such a service at all. Source: IAM User Guide,
    // "AWS global condition context keys", aws:ViaAWSService; "Forward access sessions".
    { test: "BoolIfExists", variable: "aws:ViaAWSService", values: ["false"] },
    // In all requests but those through a VPC endpoint.
    // Source: IAM User Guide, "AWS global condition context keys", aws:SourceIp; "AWS: Denies
    // access to AWS based on the source IP".
    { test: "NotIpAddressIfExists", variable: "aws:SourceIp", values: cidrs },
    // Both only in requests through a VPC endpoint. Source: IAM User Guide, "AWS global condition
    // context keys", aws:SourceVpc and aws:SourceVpce; aws-samples/data-perimeter-policy-examples,
    // network_perimeter_iam_users_scp.json.
    { test: "StringNotEqualsIfExists", variable: "aws:SourceVpc", values: vpcs },
    { test: "StringNotEqualsIfExists", variable: "aws:SourceVpce", values: vpcEndpoints },
  ];
  return conditions.filter(({ values }) => values.length > 0);
}
