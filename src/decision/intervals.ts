/** Points of an order that the same atoms hold for. */
export interface OrderedClass<Point> {
  readonly point: Point;
  /** Whether the order has such a point beyond doubt. */
  readonly certain: boolean;
}

/**
 * One point for each class of numbers that comparisons with the given ones distinguish: each number itself, and what lies between, below
 * and above. Between neighboring integers lies a fraction, which keys of whole numbers never have; it is not certain.
 */
export function numberClasses(numbers: readonly number[]): readonly OrderedClass<number>[] {
  const sorted = [...new Set(numbers)].sort((one, other) => one - other);
  return sorted.flatMap((number, at) => {
    const next = sorted[at + 1];
    const below = at === 0 ? [{ point: Math.ceil(number) - 1, certain: true }] : [];
    return [
      ...below,
      { point: number, certain: true },
      next === undefined ? { point: Math.floor(number) + 1, certain: true } : between(number, next),
    ];
  });
}

function between(low: number, high: number): OrderedClass<number> {
  const whole = Math.floor(low) + 1;
  return whole < high ? { point: whole, certain: true } : { point: (low + high) / 2, certain: false };
}

/** One address for each class that the given ranges distinguish: the boundaries cut all addresses into intervals. */
export function addressClasses(
  ranges: readonly { readonly first: bigint; readonly last: bigint }[],
  end: bigint,
): readonly bigint[] {
  const cuts = new Set([0n, ...ranges.flatMap(({ first, last }) => [first, last + 1n])]);
  return [...cuts].filter((cut) => cut < end).sort((one, other) => (one < other ? -1 : 1));
}
