import { appliesTo, comparisonNote, VERIFIED_COMPONENTS } from "../../src/iam/dkp-versions";

describe("the version of DKP", () => {
  it.each([
    ["1.76", { since: "1.77" }, false],
    ["1.77", { since: "1.77" }, true],
    ["1.77", { until: "1.77" }, true],
    ["1.77", { until: "1.76" }, false],
    ["1.78", { since: "1.77" }, true],
    ["1.78", { until: "1.77" }, true],
    ["1.78", { since: "1.78" }, false],
    [undefined, { until: "1.70" }, true],
    [undefined, { until: "1.69" }, false],
  ] as const)("%s meets %j: %s; a newer one counts as the newest known one", (version, range, applies) => {
    expect(appliesTo(range, version)).toBe(applies);
  });
});

describe("the note about the comparison with DKP's components", () => {
  it("exists from six months after the oldest one on", () => {
    expect(VERIFIED_COMPONENTS.map(({ date }) => date).sort()[0]).toBe("2026-11-25");
    expect(comparisonNote(new Date("2027-05-24T23:59:59Z"))).toBeUndefined();
    expect(comparisonNote(new Date("2027-05-25T00:00:00Z"))).toBe(
      "the actions were last compared with the components of DKP on 2026-11-25, more than six months ago: install a newer version of this program, or check the release notes of DKP after 1.77",
    );
  });
});
