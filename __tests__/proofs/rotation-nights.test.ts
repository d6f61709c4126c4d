import { COMPLETE } from "../helpers/complete";
import { Nights, random, type Year } from "../helpers/rotation-nights";

const YEARS = COMPLETE ? 60 : 10;

/**
 * Nights of `rotate` with runs that are killed at a write, answers that are lost while the write
 * lands later, two runs at once, a cluster that is away for a week, an older key that is written
 * back, reports of uses that are hours late, components that take the key a day later, that call
 * once a night, and that stand still for days.
 */
describe.each([
  ["a tenth of the runs killed and another tenth with a lost answer", 0.1, 8, 60],
  ["three tenths of both", 0.3, 3, 90],
])("a year of nights of a rotation at 30 days, %s", (_, share, fewest, oldest) => {
  const years: Year[] = [];

  beforeAll(async () => {
    for (let seed = 1; seed <= YEARS; seed += 1) {
      years.push(await new Nights(random(seed), { maxAge: 30, share }).live());
    }
  });

  it("denies DKP no call, leaves no key, and reports no key of DKP that does not work", () => {
    const bad = years.filter(({ denied, left, runs }) => denied + left + runs.breaking > 0);
    expect(bad).toEqual([]);
  });

  it("replaces the key in time", () => {
    expect(Math.min(...years.map(({ rotations }) => rotations))).toBeGreaterThanOrEqual(fewest);
    expect(Math.max(...years.map(({ oldestKey }) => oldestKey))).toBeLessThan(oldest);
  });
});
