/**
 * A function that computes each result once.
 * @param compute depends on nothing but the arguments; nobody changes its results
 * @param keyOf different texts for different arguments
 */
export function memoized<Arguments extends readonly unknown[], Result>(
  compute: (...args: Arguments) => Result,
  keyOf: (args: Arguments) => string = JSON.stringify,
) {
  const results = new Map<string, Result>();
  return (...args: Arguments): Result => {
    const key = keyOf(args);
    const result = results.get(key) ?? compute(...args);
    results.set(key, result);
    return result;
  };
}
