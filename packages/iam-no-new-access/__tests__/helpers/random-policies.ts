import * as fc from "fast-check";
import type { DecisionRequest, Side } from "../../src/model";

/** Words over few characters, so that patterns overlap in every way. */
const word = (characters: string, minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...characters), { minLength, maxLength }).map((chars) => chars.join(""));

const someOf = <Value>(values: fc.Arbitrary<Value>, maxLength = 3) =>
  fc.array(values, { minLength: 1, maxLength });

const actionPattern = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("*", "ec2:*") },
  { weight: 5, arbitrary: word("abAB*?", 1, 4).map((name) => `ec2:${name}`) },
);
const resourcePattern = fc.oneof(
  { weight: 1, arbitrary: fc.constant("*") },
  { weight: 5, arbitrary: word("abA/*?", 1, 4).map((name) => `arn:aws:s3:::${name}`) },
  { weight: 1, arbitrary: word("ab*?", 0, 2).map((account) => `arn:aws:s3::${account}:a*`) },
);

/**
 * Operators with their keys and values. Values that IAM refuses are left out; unit tests have them.
 */
const texts = ["a", "b", "ab", "A", "aB"];
const patterns = word("ab*?", 0, 3);
const arns = word("ab*?", 1, 2).map((name) => `arn:aws:s3:::${name}`);
const numbers = fc.constantFrom("0", "1", "2", "3.5");
const dates = fc.constantFrom(
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:01Z",
  "2027-01-01T00:00:00Z",
);
const blocks = fc.constantFrom(
  "10.0.0.0/8",
  "10.1.0.0/16",
  "10.1.2.3/32",
  "0.0.0.0/1",
  "2001:db8::/32",
);

const operators = (
  names: readonly string[],
  values: fc.Arbitrary<string>,
  keys: readonly string[],
  sets: readonly string[] = [""],
) =>
  fc
    .tuple(
      fc.constantFrom(...sets),
      fc.constantFrom(...names),
      fc.boolean(),
      fc.constantFrom(...keys),
      someOf(values),
    )
    .map(([set, name, ifExists, key, list]) => ({
      [`${set}${name}${ifExists && set !== "ForAnyValue:" ? "IfExists" : ""}`]: { [key]: list },
    }));

const comparisons = [
  "Equals",
  "NotEquals",
  "LessThan",
  "LessThanEquals",
  "GreaterThan",
  "GreaterThanEquals",
];
const condition = fc.oneof(
  operators(
    ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"],
    fc.constantFrom(...texts),
    ["aws:RequestedRegion", "AWS:requestedregion", "test:Text"],
  ),
  operators(["StringLike", "StringNotLike"], patterns, ["aws:RequestedRegion", "test:Text"]),
  operators(["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], arns, ["aws:PrincipalArn"]),
  operators(["Bool"], fc.constantFrom("true", "false"), ["aws:SecureTransport"]),
  operators(
    comparisons.map((name) => `Numeric${name}`),
    numbers,
    ["test:Number"],
  ),
  operators(
    comparisons.map((name) => `Date${name}`),
    dates,
    ["aws:CurrentTime"],
  ),
  operators(["IpAddress", "NotIpAddress"], blocks, ["aws:SourceIp"]),
  operators(
    ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"],
    fc.constantFrom(...texts),
    ["aws:TagKeys"],
    ["ForAllValues:", "ForAnyValue:"],
  ),
  fc
    .tuple(
      fc.constantFrom("aws:RequestedRegion", "test:Text", "aws:TagKeys", "test:Number"),
      fc.constantFrom("true", "false"),
    )
    .map(([key, value]) => ({ Null: { [key]: value } })),
);

/** A later condition replaces an earlier one with the same operator. */
const conditions = fc
  .array(condition, { maxLength: 2 })
  .map((blocks_) =>
    blocks_.length === 0 ? {} : { Condition: Object.assign({}, ...blocks_) as object },
  );

const statement = (effects: readonly string[]) =>
  fc
    .record({
      effect: fc.constantFrom(...effects),
      notAction: fc.integer({ max: 4, min: 0 }),
      actions: someOf(actionPattern),
      notResource: fc.integer({ max: 4, min: 0 }),
      resources: someOf(resourcePattern),
      conditions,
    })
    .map(({ effect, notAction, actions, notResource, resources, conditions: block }) => ({
      Effect: effect,
      [notAction === 0 ? "NotAction" : "Action"]: actions,
      [notResource === 0 ? "NotResource" : "Resource"]: resources,
      ...block,
    }));

const document = fc
  .array(statement(["Allow", "Allow", "Deny"]), { minLength: 1, maxLength: 4 })
  .map((Statement) => ({ Version: "2012-10-17", Statement }));

const FULL_ACCESS = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

/**
 * Policies with overlapping patterns, Deny, NotAction, NotResource and conditions of every kind.
 */
export const hostileSide: fc.Arbitrary<Side> = fc
  .record({
    identity: fc.array(document, { minLength: 1, maxLength: 2 }),
    boundary: fc.option(document, { nil: undefined, freq: 5 }),
    control: fc.option(document, { nil: undefined, freq: 5 }),
  })
  .map(({ identity, boundary, control }) => ({
    identity,
    ...(boundary === undefined ? {} : { boundary }),
    ...(control === undefined ? {} : { controlPolicies: [[FULL_ACCESS, control]] }),
  }));

/**
 * A pair, of which one side often comes from the other one by a small change, so that both answers
 * occur.
 */
export const hostilePair: fc.Arbitrary<readonly [after: Side, before: Side]> = fc.oneof(
  fc.tuple(hostileSide, hostileSide),
  fc
    .tuple(hostileSide, document)
    .map(([side, added]) => [side, { ...side, identity: [...side.identity, added] }] as const),
  fc
    .tuple(hostileSide, document)
    .map(([side, added]) => [{ ...side, identity: [...side.identity, added] }, side] as const),
  hostileSide.map((side) => [side, { ...side, boundary: FULL_ACCESS }] as const),
  fc.tuple(hostileSide, document).map(([side, boundary]) => [{ ...side, boundary }, side] as const),
);

/** Requests over the same characters; any key may be absent. */
export const smallRequest: fc.Arbitrary<DecisionRequest> = fc.record({
  action: word("abx", 1, 3).map((name) => `ec2:${name}`),
  resource: fc.oneof(
    fc.constant("*"),
    word("abAx/", 1, 3).map((name) => `arn:aws:s3:::${name}`),
    word("ab", 0, 2).map((account) => `arn:aws:s3::${account}:ab`),
  ),
  context: fc.record(
    {
      "aws:RequestedRegion": fc.constantFrom(...texts, "", "x"),
      "test:Text": fc.constantFrom(...texts, "", "x"),
      "aws:PrincipalArn": word("abx", 1, 2).map((name) => `arn:aws:s3:::${name}`),
      "aws:SecureTransport": fc.constantFrom("true", "false"),
      "test:Number": fc.constantFrom("-1", "0", "1", "2", "3", "3.5", "4"),
      "aws:CurrentTime": fc.constantFrom(
        "2025-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:01Z",
        "2026-06-01T00:00:00Z",
        "2028-01-01T00:00:00Z",
      ),
      "aws:SourceIp": fc.constantFrom(
        "10.1.2.3",
        "10.1.9.9",
        "10.9.9.9",
        "11.0.0.1",
        "201.0.0.1",
        "2001:db8::1",
        "2002::1",
      ),
      "aws:TagKeys": fc.uniqueArray(fc.constantFrom("a", "b", "ab", "A", "x"), {
        minLength: 1,
        maxLength: 3,
      }),
    },
    { requiredKeys: [] },
  ),
});
