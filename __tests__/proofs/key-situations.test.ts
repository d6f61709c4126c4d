import { PROGRAM } from "../helpers/keys/program";
import { STARTS } from "../helpers/keys/starts";
import { walk } from "../helpers/keys/walk";

it("the steps that keys and keys --leaked print lead to the end, and keep DKP's key, after two events at every station of a rotation and of an import", () => {
  const starts = Object.entries(STARTS).map(([name, world]) => ({ world, trail: [name] }));
  const { violations, situations, steps, longest } = walk(PROGRAM, starts, 2);
  process.stdout.write(`two events: ${situations} situations, ${steps} steps followed, at most ${longest} to the end\n`);
  expect(violations).toEqual([]);
  expect(situations).toBeGreaterThan(40_000);
});
