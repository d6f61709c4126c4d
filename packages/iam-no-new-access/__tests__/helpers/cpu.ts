/**
 * CPU seconds of the reference calculation on the computer on which the limits of tests were
 * measured, alone.
 */
const REFERENCE_SECONDS = 0.11;

/**
 * CPU seconds of some work, as the computer on which limits were measured takes them alone: other
 * programs, or a slower processor, make the work and a fixed calculation slower alike.
 */
export function cpuSeconds(work: () => void): number {
  const [before, taken, after] = [reference, work, reference].map(secondsOf) as [
    number,
    number,
    number,
  ];
  return taken / Math.max(1, before / REFERENCE_SECONDS, after / REFERENCE_SECONDS);
}

function secondsOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Strings, a map and a sort, as in the measured code. */
function reference(): void {
  const lengths = new Map<string, number>();
  for (let at = 0; at < 200_000; at++) {
    const key = `k${(at * 2_654_435_761) % 100_003}`;
    lengths.set(key, (lengths.get(key) ?? 0) + key.length);
  }
  [...lengths.keys()].sort();
}
