import { PROGRAM } from "../helpers/keys/program";
import { walk } from "../helpers/keys/walk";
import { newWorld } from "../helpers/keys/world";

describe("the steps that keys and keys --leaked print", () => {
  // Measured: 127,000 situations in 50 seconds of CPU time; four events take an hour.
  it("lead to the end from every situation that three events produce, and keep DKP's key", () => {
    const { situations, steps, longest, violations } = walk(PROGRAM, [{ world: newWorld(), trail: [] }], 3);
    process.stdout.write(`${situations} situations, ${steps} steps followed, at most ${longest} to the end\n`);
    expect(violations).toEqual([]);
    expect(situations).toBeGreaterThan(100_000);
    expect(longest).toBeLessThan(12);
  }, 600_000);
});
