import { compare, needsAttention } from "../../../scripts/upstream/compare";
import { COMPONENTS, type Component, verifiedVersions } from "../../../scripts/upstream/components";
import { EXPLANATIONS, type Explanation } from "../../../scripts/upstream/explanations";
import { CATALOGUE } from "../../../src/iam/catalogue";

const component = (name: string) => COMPONENTS.find((each) => each.name === name) as Component;
const CSI = component("ebs-csi");
const SHIPPED = "1.54.0";

const rowsOf = ({ name }: Component) => CATALOGUE.filter((row) => row.callers.includes(name)).map(({ action }) => action);
const callsOf = (...actions: readonly string[]) => new Map(actions.map((action) => [action, ["pkg/cloud/cloud.go"]]));
const granted = rowsOf(CSI);

const explanation: Explanation = {
  components: ["ebs-csi"],
  actions: ["ec2:LockSnapshot"],
  only: "sources",
  reason: "locks snapshots",
  source: "https://example.com",
};

describe("the comparison of catalogue and sources", () => {
  it("finds no difference where both have the same actions", () => {
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...granted), []);
    expect(comparison).toMatchObject({ calls: granted.length, rows: granted.length, differences: [], outdated: [] });
    expect(needsAttention(comparison)).toBe(false);
  });

  it("reports what only one of them has", () => {
    const [first = "", ...others] = granted;
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...others, "ec2:LockSnapshot"), []);
    expect(comparison.differences).toEqual([
      { action: first, only: "catalogue", files: [], explanation: undefined },
      { action: "ec2:LockSnapshot", only: "sources", files: ["pkg/cloud/cloud.go"], explanation: undefined },
    ]);
    expect(needsAttention(comparison)).toBe(true);
  });

  it("accepts an explained difference", () => {
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...granted, "ec2:LockSnapshot"), [explanation]);
    expect(comparison.differences.map((difference) => difference.explanation?.reason)).toEqual(["locks snapshots"]);
    expect(needsAttention(comparison)).toBe(false);
  });

  it.each<[string, Partial<Explanation>]>([
    ["of another component", { components: ["cloud-controller-manager"] }],
    ["of the other side", { only: "catalogue" }],
    ["of another version", { versions: ["1.53.0"] }],
    ["of versions that DKP does not ship", { notShippedSince: "1.50.0" }],
  ])("does not accept an explanation %s", (_, change) => {
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...granted, "ec2:LockSnapshot"), [{ ...explanation, ...change }]);
    expect(comparison.differences.map((difference) => difference.explanation)).toEqual([undefined]);
    expect(needsAttention(comparison)).toBe(true);
  });

  it.each([
    ["1.54.9", false],
    ["1.55.0", true],
    ["1.100.0", true],
  ])("accepts an explanation since 1.55.0, which DKP does not ship, in %s: %s", (version, accepted) => {
    const since = { ...explanation, notShippedSince: "1.55.0" };
    const comparison = compare(CSI, version, "1.77", callsOf(...granted, "ec2:LockSnapshot"), [since]);
    expect(needsAttention(comparison)).toBe(!accepted);
  });

  it("reports an explanation without a difference", () => {
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...granted), [explanation]);
    expect(comparison.outdated).toEqual([explanation]);
    expect(needsAttention(comparison)).toBe(true);
  });

  it("leaves out rows of other versions of DKP", () => {
    const controller = component("cloud-controller-manager");
    const rows = (version: "1.68" | "1.69") => compare(controller, "1.36.0", version, callsOf(...rowsOf(controller)), []);
    // ec2:DescribeInstanceTopology, since 1.69
    expect(rows("1.69").rows - rows("1.68").rows).toBe(1);
    expect(rows("1.68").differences).toMatchObject([{ action: "ec2:DescribeInstanceTopology", only: "sources" }]);
  });
});

describe("the explanations", () => {
  it.each(COMPONENTS.map((each) => [each.name, each] as const))("of %s name rows and versions that exist", (name, each) => {
    expect(verifiedVersions(each)).not.toEqual([]);
    const own = EXPLANATIONS.filter(({ components }) => components.includes(name));
    for (const { actions, only, versions } of own) {
      expect(actions.map((action) => [action, rowsOf(each).includes(action)])).toEqual(
        actions.map((action) => [action, only === "catalogue"]),
      );
      expect(verifiedVersions(each)).toEqual(expect.arrayContaining([...(versions ?? [])]));
    }
  });
});
