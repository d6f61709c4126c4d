import ipaddr = require("ipaddr.js");

import * as v from "valibot";

import { because } from "./primitives";

/** A CIDR block of public addresses, as `aws:SourceIp` takes it. */
export const cidrBlock = v.pipe(
  v.string(),
  v.check(
    (value) => cidrError(value) === undefined,
    because((value) => cidrError(value) ?? ""),
  ),
);

/** Addresses that no request to a public endpoint of AWS has. Source: IANA IPv4 and IPv6 Special-Purpose Address Registries. */
const NOT_PUBLIC: readonly string[] = ["carrierGradeNat", "linkLocal", "loopback", "private", "uniqueLocal"];

/** Why a value is not a CIDR block of public addresses, as a continuation of the value; undefined if it is one. */
function cidrError(value: string): string | undefined {
  const isIpv6 = value.includes(":");
  if (isIpv6 ? ipaddr.IPv6.isValid(value) : ipaddr.IPv4.isValidFourPartDecimal(value)) {
    return `has no prefix length; write ${value}/${isIpv6 ? 128 : 32} for one address`;
  }
  // A zone (fe80::1%eth0) and an embedded IPv4 address are no part of a CIDR block.
  if (/%|:.*\.|\/0\d/.test(value) || !(isIpv6 ? ipaddr.IPv6.isValidCIDR(value) : ipaddr.IPv4.isValidCIDRFourPartDecimal(value))) {
    return "is not a CIDR block; write for example 203.0.113.0/24 or 2001:db8::/32";
  }
  const [address, length] = ipaddr.parseCIDR(value);
  if (length === 0) {
    return "contains every address, which restricts nothing; write the public addresses of the cluster, or remove it";
  }
  const first = (isIpv6 ? ipaddr.IPv6 : ipaddr.IPv4).networkAddressFromCIDR(value).toString();
  if (first !== address.toString()) {
    return `has bits set after its prefix length; write ${first}/${length}, or ${isIpv6 ? "/128" : "/32"} for one address`;
  }
  return NOT_PUBLIC.includes(address.range())
    ? "is not public, and no request to AWS has such a source address; write the public address of the NAT gateway, or the VPC in vpcs if it has VPC endpoints"
    : undefined;
}
