import { judgeMarker } from "../../../../../src/cli/account/preflight/checks/marker";

describe("the marker", () => {
  it("must be free before the cluster exists", () => {
    expect(judgeMarker({ cluster: [], marked: [] }, "dkp-cluster=dev", false)).toEqual({
      verdict: "ok",
      found: "no object has the tag dkp-cluster=dev",
    });
    expect(judgeMarker({ cluster: [], marked: ["i-1"] }, "dkp-cluster=dev", false)).toEqual({
      verdict: "failed",
      found: "objects have the tag dkp-cluster=dev before the cluster exists: i-1; the key could change them",
      remedy: "choose another pair for the cluster, or add --existing-cluster if they are the cluster's",
    });
  });

  it("must be on every object of an existing cluster", () => {
    const ids = Array.from({ length: 13 }, (_, at) => `vol-${at}`);
    expect(judgeMarker({ cluster: ["i-1", "vol-1"], marked: ["i-1", "i-2", "vol-1"] }, "a=b", true)).toEqual({
      verdict: "ok",
      found: "all 2 objects of the cluster that were found have the tag a=b",
    });
    expect(judgeMarker({ cluster: ["i-1", ...ids], marked: ["i-1"] }, "a=b", true)).toMatchObject({
      verdict: "failed",
      found: `13 of 14 objects of the cluster lack the tag a=b, so that mode strict would deny every change of them: ${ids.slice(0, 10).join(", ")} and 3 more`,
    });
    expect(judgeMarker({ cluster: [], marked: [] }, "a=b", true).verdict).toBe("warning");
  });
});
