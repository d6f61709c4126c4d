import { COMPLETE, SAMPLE } from "../helpers/complete";
import { Walk, WORLDS } from "../helpers/rotation-walks";

const WALKS = COMPLETE ? 1000 : 80;
const EVENTS = 300;

/**
 * Random events, as rotation-walks.ts lists them:
 * - no key that DKP or a second cluster uses is ended, unless it leaked, or a person ended it
 * - a leaked key never works after a response that has finished
 * - no response ends a key that was used and did not leak
 * - DKP's key that does not work is exit code 3, and no night replaces it
 * - at the end, two months of nights and a person who follows their reports leave nothing to do
 */
describe.each(WORLDS)("random walks of a rotation, %s", (world) => {
  it("end no key in use, leave no leaked one, and come to an end", async () => {
    const wrong: string[] = [];
    let steps = 0;
    for (let walk = 0; walk < WALKS; walk += 1) {
      const random = new Walk(world, SAMPLE + walk);
      await random.play(EVENTS);
      steps += random.steps;
      wrong.push(...(random.wrong === undefined ? [] : [random.wrong]));
    }
    process.stdout.write(`${steps} steps of ${WALKS} walks, ${world}\n`);
    expect(wrong).toEqual([]);
  });
});
