import { STARTS } from "../helpers/keys/starts";
import { walk } from "../helpers/keys/walk";

// Measured: 348,696 situations in 210 seconds of CPU time, with at most 585 MB of memory.
it("the steps that keys and keys --leaked print lead to the end from every situation that three events produce, and keep DKP's key", async () => {
  const { violations, situations, steps, longest } = await walk({
    starts: { nothing: STARTS.nothing },
    depth: 3,
  });
  process.stdout.write(`three events: ${situations} situations, ${steps} steps followed, at most ${longest} to the end\n`);
  expect(violations).toEqual([]);
  expect(situations).toBeGreaterThan(100_000);
  expect(longest).toBeLessThan(12);
});
