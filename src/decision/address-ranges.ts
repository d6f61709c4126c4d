/** IP addresses as numbers. IPv6 follows IPv4, so that ranges of both are intervals of one order. */
export interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

const IPV6_START = 1n << 32n;
/** One past the last address. */
export const ADDRESSES_END = IPV6_START + (1n << 128n);

/** Reads an address or a CIDR block; undefined if it is neither. IPv6 with an embedded IPv4 address or a zone is not read. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0 || (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length))) {
    return undefined;
  }
  const { start, bits, value } = parsed;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) {
    return undefined;
  }
  const size = 1n << BigInt(bits - prefix);
  const first = start + value - (value % size);
  return { first, last: first + size - 1n };
}

/** Writes an address of the common order. */
export function formatAddress(address: bigint): string {
  if (address < IPV6_START) {
    return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join(".");
  }
  const value = address - IPV6_START;
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  return groups.join(":");
}

interface Parsed {
  readonly start: bigint;
  readonly bits: number;
  readonly value: bigint;
}

function parseAddress(text: string): Parsed | undefined {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)) {
    return { start: 0n, bits: 32, value: numberOf(text.split(".").map(BigInt), 8n) };
  }
  const halves = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const [head = [], tail] = halves;
  const given = head.length + (tail?.length ?? 0);
  const complete = tail === undefined ? given === 8 : given < 8;
  const groups = [...head, ...Array.from({ length: 8 - Math.min(given, 8) }, () => "0"), ...(tail ?? [])];
  return halves.length <= 2 && complete && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? {
        start: IPV6_START,
        bits: 128,
        value: numberOf(
          groups.map((group) => BigInt(`0x${group}`)),
          16n,
        ),
      }
    : undefined;
}

function numberOf(digits: readonly bigint[], bits: bigint): bigint {
  return digits.reduce((value, digit) => (value << bits) + digit, 0n);
}
