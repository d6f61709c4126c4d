/**
 * Computes each result once.
 * @param compute depends on nothing but the arguments; nobody changes its results
 */
export function memoized<Arguments extends readonly unknown[], Result>(
  compute: (...args: Arguments) => Result,
) {
  const results = new Map<string, Result>();
  return (...args: Arguments) => {
    const key = JSON.stringify(args);
    const result = results.get(key) ?? compute(...args);
    results.set(key, result);
    return result;
  };
}
