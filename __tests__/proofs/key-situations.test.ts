import { PROGRAM } from "../helpers/keys/program";
import { STARTS } from "../helpers/keys/starts";
import { type Walk, walk } from "../helpers/keys/walk";

describe("the steps that keys and keys --leaked print", () => {
  const report = (what: string, { situations, steps, longest }: Walk) =>
    process.stdout.write(`${what}: ${situations} situations, ${steps} steps followed, at most ${longest} to the end\n`);

  // Measured: 50 seconds of CPU time; four events take an hour.
  it("lead to the end from every situation that three events produce, and keep DKP's key", () => {
    const walked = walk(PROGRAM, [{ world: STARTS.nothing, trail: [] }], 3);
    report("three events", walked);
    expect(walked.violations).toEqual([]);
    expect(walked.situations).toBeGreaterThan(100_000);
    expect(walked.longest).toBeLessThan(12);
  }, 600_000);

  it("do so after two events at every station of a rotation and of an import", () => {
    const starts = Object.entries(STARTS).map(([name, world]) => ({ world, trail: [name] }));
    const walked = walk(PROGRAM, starts, 2);
    report("two events", walked);
    expect(walked.violations).toEqual([]);
    expect(walked.situations).toBeGreaterThan(40_000);
  }, 300_000);
});
