import { strictLimits } from "../../../../src/cli/review/page/strict-limits";
import { clusterOf, ENVIRONMENT, inMode } from "../../../helpers/clusters";
import { UUID, VPC } from "../../../helpers/tagged-requests";

describe("what mode strict does not protect", () => {
  const limits = (mode: "minimal" | "strict", known = {}) =>
    strictLimits(inMode(mode, { supplement: true, environment: ENVIRONMENT, cluster: clusterOf(known) }));
  const rows = (text: unknown) =>
    String(text)
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2);

  it("is counted by kind, and less after the bootstrap", () => {
    const before = limits("strict");
    expect(before.strict).toBe(true);
    expect(rows(before.strictExposures)).toHaveLength(9);
    expect(String(before.strictCosts)).toContain("`cluster.uuid` is not set");
    const after = limits("strict", { uuid: UUID, vpcId: VPC });
    expect(rows(after.strictExposures).map((row) => row.split(" | ")[1])).toEqual([
      "20 of 20",
      "20 of 20",
      "4 of 20",
      "2 of 20",
      "1 of 20",
      "1 of 20",
    ]);
    expect(String(after.strictCosts)).not.toContain("is not set");
  });

  it("is nothing of its own in other modes", () => {
    expect(limits("minimal")).toMatchObject({ strict: false, wide: true });
  });
});
