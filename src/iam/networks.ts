import { BlockList, isIP } from "node:net";

/** Networks that requests come from. Any of them is sufficient. */
export interface Networks {
  /** Public addresses, as CIDR blocks: `203.0.113.0/24`, `2001:db8::/32`. */
  readonly cidrs: readonly string[];
  /** IDs of VPCs whose requests go through a VPC endpoint. */
  readonly vpcs: readonly string[];
  /** IDs of VPC endpoints. */
  readonly vpcEndpoints: readonly string[];
}

/** Every network by its address or ID; none if requests can come from any network. */
export function networkList(
  { cidrs, vpcs, vpcEndpoints }: Networks = { cidrs: [], vpcs: [], vpcEndpoints: [] },
): readonly string[] {
  return [...cidrs, ...vpcs, ...vpcEndpoints];
}

/** What is wrong with a CIDR block of public addresses. */
export type CidrError = "no length" | "not a block" | "host bits" | "everything" | "private";

const FAMILY: Readonly<Record<number, "ipv4" | "ipv6">> = { 4: "ipv4", 6: "ipv6" };

/**
 * Addresses that no request to a public endpoint of AWS has: private, shared, link-local, loopback.
 * Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 1918, 6598, 3927, 1122, 4193 and 4291.
 */
const PRIVATE = (
  [
    ["10.0.0.0", 8],
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
    ["100.64.0.0", 10],
    ["169.254.0.0", 16],
    ["127.0.0.0", 8],
    ["fc00::", 7],
    ["fe80::", 10],
    ["::1", 128],
  ] as const
).map(([network, length]) => {
  const addresses = new BlockList();
  addresses.addSubnet(network, length, FAMILY[isIP(network)]);
  return { length, addresses };
});

/** Why a value is not a CIDR block of public addresses, as `aws:SourceIp` takes it; undefined if it is one. */
export function cidrError(text: string): CidrError | undefined {
  const [, address = "", digits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const version = isIP(address);
  // A zone (fe80::1%eth0) and an embedded IPv4 address are no part of a CIDR block.
  if (version === 0 || /%|:.*\./.test(address)) {
    return "not a block";
  }
  if (digits === undefined) {
    return "no length";
  }
  const [length, bits] = [Number(digits), version === 4 ? 32 : 128];
  if (length > bits) {
    return "not a block";
  }
  if (length === 0) {
    return "everything";
  }
  const value = numberOf(address, version);
  if (value % (1n << BigInt(bits - length)) !== 0n) {
    return "host bits";
  }
  return PRIVATE.some((block) => length >= block.length && block.addresses.check(address, FAMILY[version]))
    ? "private"
    : undefined;
}

/** Whether one of the CIDR blocks contains an address. */
export function includesAddress(cidrs: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", length] = cidr.split("/");
    list.addSubnet(network, Number(length), FAMILY[isIP(network)]);
  }
  return list.check(address, FAMILY[isIP(address)]);
}

/**
 * The conditions under which a request comes from none of the networks: all must hold. Without values, a key has no condition.
 * A negated operator holds for a request without the key, with and without `IfExists`. Source: IAM User Guide, "IAM JSON policy
 * elements: Condition operators".
 *
 * `aws:CalledVia` is not used, because only a few services set it. Source: IAM User Guide, "Forward access sessions".
 */
export function otherNetworkConditions({ cidrs, vpcs, vpcEndpoints }: Networks) {
  const conditions = [
    // True for a request that a service makes on behalf of the user (forward access session): it is exempt, because it has no
    // aws:SourceVpc and no aws:SourceVpce of the first request. IfExists, because a service can lack the key (earlier editions of
    // the IAM User Guide name EC2): without it, the Deny would not apply to the calls of such a service at all.
    // Source: IAM User Guide, "AWS global condition context keys", aws:ViaAWSService; "Forward access sessions".
    { test: "BoolIfExists", variable: "aws:ViaAWSService", values: ["false"] },
    // In all requests but those through a VPC endpoint.
    // Source: IAM User Guide, "AWS global condition context keys", aws:SourceIp; "AWS: Denies access to AWS based on the source IP".
    { test: "NotIpAddressIfExists", variable: "aws:SourceIp", values: cidrs },
    // Only in requests through a VPC endpoint.
    // Source: IAM User Guide, "AWS global condition context keys", aws:SourceVpc; aws-samples/data-perimeter-policy-examples,
    // network_perimeter_iam_users_scp.json.
    { test: "StringNotEqualsIfExists", variable: "aws:SourceVpc", values: vpcs },
    // Only in requests through a VPC endpoint. Source: IAM User Guide, "AWS global condition context keys", aws:SourceVpce.
    { test: "StringNotEqualsIfExists", variable: "aws:SourceVpce", values: vpcEndpoints },
  ] as const;
  return conditions.filter(({ values }) => values.length > 0);
}

/** An address as a number. */
function numberOf(address: string, version: number): bigint {
  if (version === 4) {
    return address.split(".").reduce((value, part) => value * 256n + BigInt(part), 0n);
  }
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}
