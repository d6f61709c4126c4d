import { BlockList, isIPv6 } from "node:net";

/** Whether an address, of IPv4 or IPv6, is in one of these CIDR blocks. */
export function isInBlocks(address: string, cidrs: readonly string[]): boolean {
  const blocks = new BlockList();
  for (const [network = "", length] of cidrs.map((cidr) => cidr.split("/"))) {
    blocks.addSubnet(network, Number(length), familyOf(network));
  }
  return blocks.check(address, familyOf(address));
}

const familyOf = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");
