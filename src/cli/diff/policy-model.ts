import { canonical, listOf, objectOf } from "./json-values";

/** A part of what a policy allows or denies: each of the actions on each of the resources, if all conditions hold. */
export interface Permit {
  /** Lower case, since IAM ignores case here; with wildcards. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Condition {
  readonly operator: string;
  /** IAM ignores its case; here as it was written. */
  readonly key: string;
  /** Sorted, without duplicates. */
  readonly values: readonly string[];
}

/** A statement that is compared as a whole. */
export interface OpaqueStatement {
  /** The same for statements that mean the same, whatever order their lists have. */
  readonly text: string;
  /** `Allow`, `Deny`, or anything else that no rule is known for. */
  readonly effect: string;
}

/** A policy, ready to be compared. */
export interface Policy {
  readonly allows: readonly Permit[];
  readonly denies: readonly Permit[];
  /** With NotAction, NotResource, principals or unknown operators, and what is no statement at all. */
  readonly opaque: readonly OpaqueStatement[];
  /**
   * Decides whether `${...}` in it is a variable. Absent where there is no policy to read.
   * Source: IAM user guide, "IAM JSON policy elements: Version".
   */
  readonly version?: string;
}

/** What several policies of one principal allow and deny together. */
export function union(policies: readonly Policy[]): Policy {
  const [first, ...others] = policies.filter((policy) => policy !== NO_POLICY);
  if (first === undefined || others.length === 0) {
    return first ?? NO_POLICY;
  }
  if (others.some(({ version }) => version !== first.version)) {
    return unreadable("policies of different language versions");
  }
  const all = [first, ...others];
  return {
    ...first,
    allows: all.flatMap(({ allows }) => allows),
    denies: all.flatMap(({ denies }) => denies),
    opaque: all.flatMap(({ opaque: statements }) => statements),
  };
}

/** What IAM assumes where a policy has no `Version`. Source: as above. */
const FIRST_VERSION = "2008-10-17";

export const NO_POLICY: Policy = { allows: [], denies: [], opaque: [] };

/** A policy that can't be read here, for example because Terraform knows it only after the apply. */
export function unreadable(why: string): Policy {
  return { ...NO_POLICY, opaque: [{ text: why, effect: "unknown" }] };
}

/** Reads a policy as IAM has it: JSON, in any order, with lists of one as strings. */
export function readPolicy(json: string): Policy {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    return unreadable(`a string that is not JSON: ${json}`);
  }
  const { Statement, Version } = objectOf(document);
  if (Statement === undefined || Statement === null) {
    return unreadable(`a policy without Statement: ${json}`);
  }
  return { ...policyOf(listOf(Statement).map(readStatement)), version: versionOf(Version) };
}

function versionOf(version: unknown): string {
  const stated = version ?? FIRST_VERSION;
  return typeof stated === "string" ? stated : JSON.stringify(stated);
}

/** Reads the statements of an `aws_iam_policy_document`, as Terraform JSON has them. */
export function readPolicyDocument(document: unknown): Policy {
  const { statement, version, policy_id: _, ...rest } = objectOf(document);
  const others = Object.entries(rest).map(([key, value]) => opaque({ Effect: "unknown", [key]: value }));
  return {
    ...policyOf([...listOf(statement).map((entry) => readStatement(inIamTerms(entry))), ...others]),
    // The data source's default.
    version: versionOf(version ?? "2012-10-17"),
  };
}

/** Reads a trust policy: every statement as a whole. */
export function readTrust(json: string): Policy {
  try {
    return policyOf(listOf(objectOf(JSON.parse(json)).Statement).map(opaque));
  } catch {
    return unreadable(`a string that is not JSON: ${json}`);
  }
}

type Reading = OpaqueStatement | { readonly effect: "Allow" | "Deny"; readonly permit: Permit };

function policyOf(readings: readonly Reading[]): Policy {
  const permits = (wanted: string) =>
    readings.flatMap((reading) => ("permit" in reading && reading.effect === wanted ? [reading.permit] : []));
  return {
    allows: permits("Allow"),
    denies: permits("Deny"),
    opaque: readings.flatMap((reading) => ("text" in reading ? [reading] : [])),
  };
}

/**
 * Operators of which a condition with fewer values lets fewer requests through, with IfExists and the set operators, too.
 * Source: IAM user guide, "IAM JSON policy elements: Condition operators".
 */
const ANY_VALUE =
  /^(?:ForA(?:ll|ny)Value(?:s)?:)?(?:String(?:Equals(?:IgnoreCase)?|Like)|Arn(?:Equals|Like)|(?:Numeric|Date)(?:Equals|(?:Less|Greater)Than(?:Equals)?)|Bool|BinaryEquals|IpAddress)(?:IfExists)?$|^Null$/;

/** Operators of which a condition with more values lets fewer requests through. */
const NO_VALUE =
  /^(?:ForA(?:ll|ny)Value(?:s)?:)?(?:String(?:NotEquals(?:IgnoreCase)?|NotLike)|Arn(?:NotEquals|NotLike)|(?:Numeric|Date)NotEquals|NotIpAddress)(?:IfExists)?$/;

function readStatement(statement: unknown): Reading {
  const { Sid: _, Effect, Action, Resource, Condition, ...rest } = objectOf(statement);
  const actions = texts(Action).map((action) => action.toLowerCase());
  const resources = texts(Resource);
  const conditions = readConditions(Condition);
  const known =
    (Effect === "Allow" || Effect === "Deny") &&
    Object.keys(rest).length === 0 &&
    [Condition ?? {}, ...Object.values(objectOf(Condition))].every(isObject) &&
    conditions.every(({ operator }) => ANY_VALUE.test(operator) || NO_VALUE.test(operator));
  return known && actions.length > 0 && resources.length > 0
    ? { effect: Effect, permit: { actions, resources, conditions } }
    : opaque(statement);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readConditions(condition: unknown): readonly Condition[] {
  return Object.entries(objectOf(condition)).flatMap(([operator, keys]) =>
    Object.entries(objectOf(keys)).map(([key, values]) => ({ operator, key, values: texts(values) })),
  );
}

/** The texts of a list that may be a single text; numbers and truth values as texts, as IAM takes them. */
function texts(value: unknown): readonly string[] {
  return [...new Set(listOf(value).map((entry) => (typeof entry === "string" ? entry : canonical(entry))))].sort();
}

/** A statement as it is, but for its id, its case of actions, and the order and brackets of its lists. */
function opaque(statement: unknown): OpaqueStatement {
  const { Sid: _, ...rest } = objectOf(statement);
  const effect = typeof rest.Effect === "string" ? rest.Effect : "unknown";
  const entries = Object.entries(rest).map(([key, value]) => {
    const lower = ["Action", "NotAction"].includes(key);
    return [key, lower ? texts(value).map((text) => text.toLowerCase()) : bracketed(value)];
  });
  return { text: canonical(Object.keys(rest).length === 0 ? statement : Object.fromEntries(entries)), effect };
}

function bracketed(value: unknown): unknown {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, content]) => [key, bracketed(content)]));
  }
  return texts(value);
}

/** A statement of Terraform's data source under IAM's names. Conditions on one key under one operator are one, as the provider has it. */
function inIamTerms(statement: unknown): object {
  const { sid, effect, actions, not_actions, resources, not_resources, principals, not_principals, condition, ...rest } =
    objectOf(statement);
  const blocks = listOf(condition).map(objectOf);
  const under = (test: unknown) => {
    const same = blocks.filter((block) => block.test === test);
    return Object.fromEntries(
      same.map(({ variable }) => [
        variable,
        same.filter((block) => block.variable === variable).flatMap(({ values }) => listOf(values)),
      ]),
    );
  };
  const terms = {
    Sid: sid,
    Effect: effect ?? "Allow",
    Action: actions,
    NotAction: not_actions,
    Resource: resources,
    NotResource: not_resources,
    Principal: principals,
    NotPrincipal: not_principals,
    Condition: blocks.length === 0 ? undefined : Object.fromEntries(blocks.map(({ test }) => [test, under(test)])),
    ...rest,
  };
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}

/** Whether a condition lets nothing through that another one stops. */
export function implies(narrow: Condition, wide: Condition): boolean {
  if (narrow.operator !== wide.operator || narrow.key.toLowerCase() !== wide.key.toLowerCase()) {
    return false;
  }
  return NO_VALUE.test(wide.operator)
    ? wide.values.every((value) => narrow.values.includes(value))
    : narrow.values.every((value) => wide.values.includes(value));
}
