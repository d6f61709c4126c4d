import { COMPLETE } from "../helpers/complete";
import { Account } from "../helpers/rotation-account";
import { type Environment, Nights, type Year } from "../helpers/rotation-nights";
import { random } from "../helpers/rotation-runs";

const YEARS = COMPLETE ? 60 : 10;
const HOUR = 3_600_000;
const FIRST = { id: "FIRST", secret: "" };

/** IAM, which reports uses up to four hours late, and a cluster, in memory. */
function environmentOf(next: () => number): Environment {
  const account = new Account(new Date("2026-01-01T00:00:00Z"), () => next() * 4 * HOUR);
  account.set({ id: FIRST.id, status: "Active", created: account.now, uses: [] });
  account.secret = FIRST.id;
  return {
    world(isAway) {
      account.isAway = isAway;
      return account.world();
    },
    pass: (duration) => {
      account.now = new Date(+account.now + duration);
    },
    keys: () => account.keys(),
    secret: () => ({ id: account.secret, secret: "" }),
    write: ({ id }) => {
      account.secret = id;
    },
    delete: (id) => account.delete(id),
    allows: ({ id }) => account.use(id, "ec2"),
  };
}

/**
 * Nights of `rotate` with these failures, each of which can leave a key that makes room a week
 * later:
 * - runs that are killed at a write, and responses that are lost while the write lands later
 * - two runs at once
 * - a cluster that is away for a week
 * - an older key that is written back
 * - reports of uses that are hours late
 * - components that take the key a day later, that call once a night, and that stand still for days
 *   while some have taken the key
 */
describe.each([
  ["a tenth of the writes killed and another tenth with a lost answer", 0.1, 8, 75],
  ["three tenths of both", 0.3, 3, 110],
])("a year of nights of a rotation at 30 days, %s", (_, share, fewest, oldest) => {
  const years: Year[] = [];

  beforeAll(async () => {
    for (let seed = 1; seed <= YEARS; seed += 1) {
      const next = random(seed);
      const nightly = { nights: 365, maxAge: 30, share, pause: 0 };
      years.push(await new Nights(next, nightly, environmentOf(next), FIRST).live());
    }
  });

  it("denies DKP no call, leaves no key, and reports no key of DKP that does not work", () => {
    const bad = years.filter(
      ({ denied, left, ends }) =>
        denied + left > 0 || Object.keys(ends).some((end) => end[0] === "3"),
    );
    expect(bad).toEqual([]);
  });

  it("replaces the key in time", () => {
    expect(Math.min(...years.map(({ rotations }) => rotations))).toBeGreaterThanOrEqual(fewest);
    expect(Math.max(...years.map(({ oldestKey }) => oldestKey))).toBeLessThan(oldest);
  });
});
