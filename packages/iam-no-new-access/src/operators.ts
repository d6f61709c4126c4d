import type { Operator, Test } from "./model";

/**
 * Operators that are decided. Any other one, such as `BinaryEquals`, is opaque. `ArnEquals` and
 * `ArnLike` behave alike. Source: IAM user guide, "IAM JSON policy elements: Condition operators".
 */
const BASES: Readonly<Record<string, readonly [test: Test, negated: boolean]>> = {
  StringEquals: ["equals", false],
  StringNotEquals: ["equals", true],
  StringEqualsIgnoreCase: ["equals-ignore-case", false],
  StringNotEqualsIgnoreCase: ["equals-ignore-case", true],
  StringLike: ["like", false],
  StringNotLike: ["like", true],
  ArnEquals: ["arn", false],
  ArnLike: ["arn", false],
  ArnNotEquals: ["arn", true],
  ArnNotLike: ["arn", true],
  Bool: ["bool", false],
  NumericEquals: ["number-equals", false],
  NumericNotEquals: ["number-equals", true],
  NumericLessThan: ["number-less", false],
  NumericLessThanEquals: ["number-less-or-equal", false],
  NumericGreaterThan: ["number-greater", false],
  NumericGreaterThanEquals: ["number-greater-or-equal", false],
  DateEquals: ["date-equals", false],
  DateNotEquals: ["date-equals", true],
  DateLessThan: ["date-less", false],
  DateLessThanEquals: ["date-less-or-equal", false],
  DateGreaterThan: ["date-greater", false],
  DateGreaterThanEquals: ["date-greater-or-equal", false],
  IpAddress: ["address", false],
  NotIpAddress: ["address", true],
};

const NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

/**
 * Reads the name of a condition operator; undefined if it is not decided. `ForAnyValue:...IfExists`
 * is not, because AWS does not document its result for an absent key.
 */
export function readOperator(name: string): Operator | undefined {
  if (name === "Null") {
    return { test: "null", negated: false, set: "single", ifExists: false };
  }
  const [, prefix, baseName = "", suffix] = NAME.exec(name) ?? [];
  const base = Object.hasOwn(BASES, baseName) ? BASES[baseName] : undefined;
  if (base === undefined || (prefix === "ForAnyValue" && suffix !== undefined)) {
    return undefined;
  }
  const [test, negated] = base;
  return { test, negated, set: SETS[prefix ?? ""] ?? "single", ifExists: suffix !== undefined };
}

const SETS: Readonly<Record<string, Operator["set"]>> = { ForAllValues: "all", ForAnyValue: "any" };

/**
 * Whether a condition holds for a request without the key: `ForAllValues` and `IfExists` do,
 * negated operators too unless `ForAnyValue` stands before them. Sources: IAM user guide,
 * "Condition operators" and "Single-valued vs. multivalued context keys".
 */
export function holdsWhenAbsent({ set, negated, ifExists }: Operator): boolean {
  return set === "all" || (set === "single" && (negated || ifExists));
}

/**
 * Keys with at most one value in a request, in lower case. A key that is in neither list may have
 * several values in a proof, but not in a counterexample, unless a policy tests it with a set
 * operator. Sources: IAM user guide, "AWS global condition context keys" (value type); service
 * authorization reference, types of condition keys.
 */
// cspell:disable
const SINGLE_VALUED: ReadonlySet<string> = new Set(
  `aws:currenttime aws:epochtime aws:multifactorauthage aws:multifactorauthpresent
aws:principalaccount aws:principalarn aws:principaltype aws:requestedregion
aws:securetransport aws:sourceaccount aws:sourcearn aws:sourceip aws:sourcevpc
aws:sourcevpce aws:tokenissuetime aws:useragent aws:userid aws:username
aws:viaawsservice ec2:acceptervpc ec2:createaction ec2:instancetype ec2:region
ec2:requestervpc ec2:vpc elasticloadbalancing:createaction iam:awsservicename
iam:passedtoservice iam:permissionsboundary iam:policyarn kms:calleraccount
kms:grantisforawsresource kms:viaservice`.split(/\s+/),
);
/** Their last part is the key of a tag. */
const TAG_KEYS = /^(?:aws:(?:principaltag|requesttag|resourcetag)|ec2:resourcetag)\/.+$/;

/** Keys that can have several values, in lower case. Sources as above. */
const MULTIVALUED =
  /^(?:aws:(?:tagkeys|calledvia|principalorgpaths|principalservicenameslist)|kms:grantoperations)$/;
// cspell:enable

/** How many values a context key can have in one request. */
export function multiplicity(key: string): "single" | "several" | "unknown" {
  if (MULTIVALUED.test(key)) {
    return "several";
  }
  return SINGLE_VALUED.has(key) || TAG_KEYS.test(key) ? "single" : "unknown";
}
