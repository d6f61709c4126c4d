import { COMPLETE } from "../helpers/complete";
import { STARTS, walk } from "../helpers/keys/walk";

describe("the steps that keys prints", () => {
  it("lead to the end from every situation that two events produce, keep DKP's key, and end a leaked one", () => {
    const { situations, violations, pages, lengths } = walk(Object.keys(STARTS), COMPLETE ? 3 : 2);
    expect(violations).toEqual([]);
    expect(pages).toEqual([]);
    expect(Math.max(...lengths)).toBeLessThan(20);
    process.stdout.write(
      `${situations} situations of the keys, ${Math.max(...lengths)} steps at most\n`,
    );
  });
});
