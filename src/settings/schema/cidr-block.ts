import * as v from "valibot";

import { because } from "./primitives";

const NOT_A_BLOCK = () => "is not a CIDR block; write for example 203.0.113.0/24 or 2001:db8::/32";

/** A CIDR block of public addresses, as `aws:SourceIp` takes it. */
export const cidrBlock = v.pipe(
  v.string(),
  v.check(
    (value) => ruleBroken(value) === undefined,
    because((value) => (ruleBroken(value) ?? NOT_A_BLOCK)(value)),
  ),
);

/** The message for a value that is not a CIDR block of public addresses; undefined if it is one. */
function ruleBroken(text: string): ((value: string) => string) | undefined {
  const [, address = "", digits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const bits = bitsOf(address);
  // A zone (fe80::1%eth0) and an embedded IPv4 address are no part of a CIDR block.
  if (bits === undefined || /%|:.*\./.test(address)) {
    return NOT_A_BLOCK;
  }
  if (digits === undefined) {
    return (value) => `has no prefix length; write ${value}/${bits} for one address`;
  }
  const length = Number(digits);
  if (length > bits) {
    return NOT_A_BLOCK;
  }
  if (length === 0) {
    return () => "contains every address, which restricts nothing; write the public addresses of the cluster, or remove it";
  }
  const start = numberOf(address);
  if (BigInt.asUintN(bits - length, start) !== 0n) {
    return () =>
      "has bits set after its prefix length; write the first address of the block, or /32 (IPv6: /128) for one address";
  }
  return PRIVATE.some(
    (block) => length >= block.length && bits === block.bits && start >> block.rest === block.start >> block.rest,
  )
    ? () =>
        "is not public, and no request to AWS has such a source address; write the public address of the NAT gateway, or the VPC in vpcs if it has VPC endpoints"
    : undefined;
}

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
).map(([address, length]) => {
  const bits = address.includes(":") ? 128 : 32;
  return { length, bits, rest: BigInt(bits - length), start: numberOf(address) };
});

/** The length of an IPv4 or IPv6 address; undefined if it is none. */
function bitsOf(address: string): 32 | 128 | undefined {
  if (v.IPV4_REGEX.test(address)) {
    return 32;
  }
  return v.IPV6_REGEX.test(address) ? 128 : undefined;
}

/** An address as a number. */
function numberOf(address: string): bigint {
  if (!address.includes(":")) {
    return address.split(".").reduce((value, part) => value * 256n + BigInt(part), 0n);
  }
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}
