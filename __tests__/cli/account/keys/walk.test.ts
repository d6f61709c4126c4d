import { STARTS, walk } from "../../../helpers/keys/walk";

describe("the steps that keys prints", () => {
  // More events: __tests__/proofs/key-situations.test.ts.
  it("lead to the end from every situation that one event produces, and keep DKP's key", () => {
    const { situations, violations, pages } = walk(Object.keys(STARTS), 1);
    expect(violations).toEqual([]);
    expect(pages).toEqual([]);
    expect(situations).toBeGreaterThan(150);
  });
});
