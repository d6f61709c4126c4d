import * as fc from "fast-check";
import { coversArn, coversText } from "../../src/iam/wildcards";

describe("coversText and coversArn", () => {
  it.each([
    ["*", "ec2:describevpcs", true],
    ["ec2:describe*", "ec2:describevpcs", true],
    ["ec2:describe*", "ec2:describe*s", true],
    ["ec2:describevpcs", "ec2:describe*", false],
    ["ec2:?eletevpc", "ec2:deletevpc", true],
    ["ec2:?eletevpc", "ec2:*eletevpc", false],
    ["a**b", "a*b", true],
    ["*", "", true],
  ])("text: %s, %s: %s", (wide, narrow, expected) => {
    expect(coversText(wide, narrow)).toBe(expected);
  });

  it.each([
    ["arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:role/a/b", true],
    ["arn:aws:iam::*:role/dev-node", "arn:aws:iam::123456789012:role/dev-node", true],
    ["arn:aws:ec2:*:123456789012:*", "arn:aws:ec2:eu-central-1:123456789012:vpc/*", true],
    ["arn:aws:ec2:eu-*:123456789012:vpc/*", "arn:aws:ec2:eu-central-1:123456789012:vpc/v", true],
    ["arn:aws:iam::123456789012:role/dev-node", "arn:aws:iam::123456789012:role/Dev-Node", false],
    ["arn:aws:iam::123456789012:role/dev?node", "arn:aws:iam::123456789012:role/dev:node", false],
    // A star in the middle of a segment matches only inside the segment.
    ["arn:aws:*role/dev", "arn:aws:iam::123456789012:role/dev", false],
  ])("ARN: %s, %s: %s", (wide, narrow, expected) => {
    expect(coversArn(wide, narrow)).toBe(expected);
  });

  const account = "$" + "{data.aws_caller_identity.current.account_id}";

  it.each([
    [`arn:aws:iam::${account}:role/a`, `arn:aws:iam::${account}:role/a`, true],
    ["arn:aws:iam::*:role/a", `arn:aws:iam::${account}:role/a`, true],
    [`arn:aws:iam::${account}:role/*`, `arn:aws:iam::${account}:role/a`, true],
    [`arn:aws:iam::${account}:role/*`, "arn:aws:iam::123456789012:role/a", false],
    [`arn:aws:iam::${"?".repeat(account.length)}:role/a`, `arn:aws:iam::${account}:role/a`, false],
  ])("a reference is an unknown string: %s, %s: %s", (wide, narrow, expected) => {
    expect(coversArn(wide, narrow)).toBe(expected);
  });

  it("return true only if the wide pattern matches every string that the narrow one matches", () => {
    const pattern = fc.stringMatching(/^[ab*?]{0,5}$/);
    const texts = ["", ..."ab"].flatMap((one) =>
      ["", ..."ab"].flatMap((two) => ["", ..."ab"].flatMap((three) => [one + two + three, `${one}b${two}a${three}`])),
    );
    const matches = (wild: string) => {
      const regexp = new RegExp(`^${wild.replaceAll("*", ".*").replaceAll("?", ".")}$`);
      return (text: string) => regexp.test(text);
    };
    fc.assert(
      fc.property(pattern, pattern, (wide, narrow) => {
        if (coversText(wide, narrow)) {
          expect(texts.filter(matches(narrow)).filter((text) => !matches(wide)(text))).toEqual([]);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
