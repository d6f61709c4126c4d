import { COMPLETE, SAMPLE } from "../helpers/complete";
import { driftError } from "../helpers/keys/drift-check";
import { SHARED_STARTS, STARTS } from "../helpers/keys/starts";
import { walk } from "../helpers/keys/walk";
import type { World } from "../helpers/keys/world";

/** Every nth situation is read by `drift` too. */
const DRIFT = 15;

/** Of the first and of the second events of a trail, every nth happens, with each sample another one. */
async function walked(what: string, starts: Readonly<Record<string, World>>, [first, second]: readonly [number, number]) {
  const happens = (count: number, left: number) => COMPLETE || (count + SAMPLE) % (left > 0 ? first : second) === 0;
  let read = 0;
  const errorIn = (world: World) => ((read++ + SAMPLE) % DRIFT === 0 ? driftError(world) : undefined);
  const { violations, situations, steps, longest } = await walk({ starts, depth: 2, happens, errorIn });
  process.stdout.write(`${what}: ${situations} situations, ${steps} steps followed, at most ${longest} to the end\n`);
  expect(violations).toEqual([]);
  return situations;
}

describe("the steps that keys and keys --leaked print lead to the end, and keep DKP's key, after two events", () => {
  it("at every station of a deployment alone in its account", async () => {
    expect(await walked("one deployment", STARTS, [1, 13])).toBeGreaterThan(8_000);
  });

  it("where two deployments of an account have a name in common and act in turn, and touch nothing of each other", async () => {
    expect(await walked("two deployments", SHARED_STARTS, [5, 97])).toBeGreaterThan(4_000);
  });
});
