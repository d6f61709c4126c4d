import { isIPv4, isIPv6 } from "node:net";
import type { Interval } from "./model";

/**
 * What conditions compare by its position. Points are whole numbers: those of decimals are
 * multiplied by 10^15.
 */
export interface Order {
  /**
   * The points that a value stands for: one, or those of a block of addresses. Undefined if it is
   * not interpreted.
   */
  readonly read: (text: string) => Interval | undefined;
  readonly write: (point: bigint) => string;
  readonly all: Interval;
  /**
   * The distance of points that requests have beyond doubt. A key of whole numbers never has a
   * fraction.
   */
  readonly unit: bigint;
}

const point = (at: bigint): Interval => ({ first: at, last: at });

/** Digits after the point. */
const DECIMALS = 15;
/** Beyond all points. */
const LIMIT = 1n << 130n;
const EVERYTHING: Interval = { first: -LIMIT, last: LIMIT };

const IPV6_START = 1n << 32n;

export const ORDERS: Readonly<Record<"number" | "date" | "address", Order>> = {
  number: { read: readNumber, write: writeNumber, all: EVERYTHING, unit: 10n ** BigInt(DECIMALS) },
  date: { read: readDate, write: writeDate, all: EVERYTHING, unit: 1n },
  // IPv6 follows IPv4, so that ranges of both are intervals of one order.
  address: {
    read: readBlock,
    write: writeAddress,
    all: { first: 0n, last: IPV6_START + (1n << 128n) - 1n },
    unit: 1n,
  },
};

/** Whether an interval has all points of another one. */
export function isWithin(inner: Interval, outer: Interval): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/**
 * Reads an integer or decimal of at most 15 digits. AWS does not document how IAM compares longer
 * ones, so that they are not read.
 */
function readNumber(text: string): Interval | undefined {
  const [, sign = "", whole, fraction = ""] =
    /^(-?)(?=(?:\d\.?){1,15}$)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return whole === undefined
    ? undefined
    : point(BigInt(`${whole}${fraction.padEnd(DECIMALS, "0")}`) * (sign === "" ? 1n : -1n));
}

function writeNumber(at: bigint): string {
  const digits = String(at < 0n ? -at : at).padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  const decimals = fraction === "" ? "" : `.${fraction}`;
  return `${at < 0n ? "-" : ""}${digits.slice(0, -DECIMALS)}${decimals}`;
}

/**
 * Reads a date in UTC, `2026-11-25` or `2026-11-25T12:00:00Z`, or seconds since 1970, as seconds
 * since 1970. Four digits can be a year, and days that no month has are not read.
 */
function readDate(text: string): Interval | undefined {
  if (/^(?!\d{4}$)\d{1,10}$/.test(text)) {
    return point(BigInt(text));
  }
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/.test(text) ? Date.parse(text) : Number.NaN;
  const seconds = Number.isNaN(time) ? undefined : BigInt(time / 1000);
  return seconds !== undefined && writeDate(seconds).startsWith(text) ? point(seconds) : undefined;
}

function writeDate(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/** Reads an address or a CIDR block. IPv6 with an embedded IPv4 address or a zone is not read. */
function readBlock(text: string): Interval | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const isIpv4 = isIPv4(address);
  const digits = isIpv4 ? address.split(".").map(Number) : groupsOf(address);
  const [start, bits] = isIpv4 ? [0n, 32] : [IPV6_START, 128];
  const prefix = length === undefined ? bits : Number(length);
  if (
    digits === undefined ||
    rest.length > 0 ||
    !/^(?:0|[1-9]\d{0,2})$/.test(length ?? "0") ||
    prefix > bits
  ) {
    return undefined;
  }
  const value = digits.reduce(
    (sum, digit) => (sum << BigInt(bits / digits.length)) + BigInt(digit),
    0n,
  );
  const size = 1n << BigInt(bits - prefix);
  const first = start + value - (value % size);
  return { first, last: first + size - 1n };
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] | undefined {
  if (!isIPv6(address) || /[.%]/.test(address)) {
    return undefined;
  }
  const [head = [], tail = []] = address
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

function writeAddress(address: bigint): string {
  const [value, bits, count] =
    address < IPV6_START ? [address, 8n, 4] : [address - IPV6_START, 16n, 8];
  const digits = Array.from(
    { length: count },
    (_, at) => (value >> (bits * BigInt(count - 1 - at))) & ((1n << bits) - 1n),
  );
  return count === 4 ? digits.join(".") : digits.map((digit) => digit.toString(16)).join(":");
}
