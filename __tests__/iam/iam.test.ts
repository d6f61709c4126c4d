import { cpuSeconds } from "../../packages/iam-no-new-access/__tests__/helpers/cpu";
import { KNOWN_VERSIONS } from "../../scripts/upstream/compare";
import { matchesAction } from "../../src/iam/action-patterns";
import { appliesTo, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { policySize } from "../../src/iam/policy-document";

describe("wildcards in actions", () => {
  it.each([
    ["*", "ec2:describevpcs", true],
    ["ec2:describe*", "ec2:describevpcs", true],
    ["ec2:describe*", "ec2:describe*s", true],
    ["ec2:describevpcs", "ec2:describe*", false],
    ["ec2:?eletevpc", "ec2:deletevpc", true],
    ["ec2:?eletevpc", "ec2:*eletevpc", false],
    ["a**b", "a*b", true],
    ["*", "", true],
  ])("match: %s, %s: %s", (wide, narrow, expected) => {
    expect(matchesAction(wide, narrow)).toBe(expected);
  });

  it("answer within a second of CPU time for long patterns of stars", () => {
    const seconds = cpuSeconds(() => {
      expect(matchesAction(`${"*a".repeat(500)}*b`, "a".repeat(2000))).toBe(false);
    });
    expect(seconds).toBeLessThan(1);
  });
});

it.each([
  ["1.76", { since: "1.77" }, false],
  ["1.77", { since: "1.77" }, true],
  ["1.77", { until: "1.77" }, true],
  ["1.77", { until: "1.76" }, false],
  [undefined, { until: "1.70" }, true],
  [undefined, { until: "1.69" }, false],
] as const)("version %s of DKP meets %j: %s", (version, range, applies) => {
  expect(appliesTo(range, version)).toBe(applies);
});

it("the size of a policy does not count white space, also in a value", () => {
  const sizeWith = (tag: string) =>
    policySize([
      {
        sid: "A",
        actions: ["iam:TagRole"],
        resources: ["*"],
        conditions: [{ test: "ForAllValues:StringEquals", variable: "aws:TagKeys", values: [tag] }],
      },
    ]);
  expect(sizeWith("a b")).toBe(sizeWith("ab"));
});

it("a fact without a version counts for the versions from the first supported one to the last", () => {
  const supported = KNOWN_VERSIONS.filter((version) =>
    appliesTo({ since: version, until: version }),
  );
  expect([supported[0], supported.at(-1)]).toEqual([
    SUPPORTED_VERSIONS.first,
    SUPPORTED_VERSIONS.last,
  ]);
});
