import { matchesAction } from "../../../../src/iam/action-patterns";
import { type Networks, otherNetworkConditions } from "../../../../src/iam/networks";
import { grouped } from "../../../../src/text/grouped";
import { canonical, isObject, listOf, objectOf } from "../../../../src/text/json";

/** A policy document, or text that is none. */
export type Policy = unknown;

export interface Condition {
  /** As the policy writes it: `ForAllValues:StringEquals`. */
  readonly test: string;
  readonly variable: string;
  readonly values: readonly string[];
}

/** The Regions that requests may be for. */
export const isRegion = ({ test, variable }: Condition): boolean =>
  test === "StringEquals" && variable === "aws:RequestedRegion";

/** One action on one resource, both of which may be patterns. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

/** Compared as a whole, by its text. */
interface Opaque {
  readonly effect: "Allow" | "Deny" | undefined;
  /** As a continuation of "because". */
  readonly reason: string;
}

export interface Grants {
  readonly allows: readonly Grant[];
  readonly denies: readonly Grant[];
  readonly opaque: ReadonlyMap<string, Opaque>;
}

/** Source: IAM User Guide, "IAM JSON policy elements: Version". */
const VERSIONS: readonly unknown[] = ["2012-10-17", "2008-10-17", undefined];

/** Two policies of this project have some hundred pairs of an action and a resource. */
const MAX_GRANTS = 3000;

/**
 * A policy in another form than this project's, or a larger one, is opaque.
 * @param side for the reasons
 */
export function readGrants(policies: readonly Policy[], side: "before" | "after"): Grants {
  const [allows, denies]: [Grant[], Grant[]] = [[], []];
  const opaque = new Map<string, Opaque>();
  for (const policy of policies) {
    const { Version, Id: _, Statement, ...rest } = objectOf(policy);
    if (Statement === undefined || !VERSIONS.includes(Version) || Object.keys(rest).length > 0) {
      const reason = `a policy ${side} the change is not readable`;
      opaque.set(canonical(policy), { effect: undefined, reason });
      continue;
    }
    for (const statement of listOf(Statement)) {
      const { Effect } = objectOf(statement);
      const effect = Effect === "Allow" || Effect === "Deny" ? Effect : undefined;
      const grants = grantsOf(statement, Version);
      if (effect === undefined || typeof grants === "string") {
        const what = typeof grants === "string" ? grants : "an unknown effect";
        const reason = `a statement ${side} the change has ${what}, which is not compared`;
        opaque.set(canonical([statement, Version]), { effect, reason });
      } else if (allows.length + denies.length + grants.length > MAX_GRANTS) {
        const reason = `the policies ${side} the change are larger than AWS accepts`;
        const whole = [canonical(policies), { effect: undefined, reason }] as const;
        return { allows: [], denies: [], opaque: new Map([whole]) };
      } else {
        (effect === "Allow" ? allows : denies).push(...grants);
      }
    }
  }
  return { allows: inOrder(allows), denies: inOrder(denies), opaque };
}

/** A policy that is only written in another order has the same example. */
function inOrder(grants: readonly Grant[]): readonly Grant[] {
  const text = ({ action, resource, conditions }: Grant) =>
    `${action.toLowerCase()} ${resource} ${canonical(conditions)}`;
  return grants
    .map((grant) => [text(grant), grant] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, grant]) => grant);
}

/** A string is the reason why a statement is not compared. */
function grantsOf(statement: unknown, version: unknown): readonly Grant[] | string {
  const { Sid: _, Effect: __, Action, Resource, Condition, ...rest } = objectOf(statement);
  const [other] = Object.keys(rest);
  if (other !== undefined) {
    return other;
  }
  const [actions, resources] = [listOf(Action), listOf(Resource)];
  const conditions = conditionsOf(Condition);
  if (
    !areStrings(actions) ||
    !areStrings(resources) ||
    conditions === undefined ||
    actions.length * resources.length === 0
  ) {
    return "an unknown form";
  }
  if (version !== VERSIONS[0] && JSON.stringify(statement).includes("${")) {
    return "a variable in an old version of the policy language";
  }
  if (actions.length * resources.length > MAX_GRANTS) {
    return "more resources than AWS accepts";
  }
  return actions.flatMap((action) => {
    const onAction = conditionsOn(action, conditions);
    return resources.map((resource) => ({ action, resource, conditions: onAction }));
  });
}

/**
 * The actions whose requests have the key. Source: KMS Developer Guide,
 * "kms:GrantIsForAWSResource".
 */
const HAVE_GRANT_KEY = /^kms:(?:create|list|revoke)grants?$/i;

/** Without `IfExists` for a key that the requests of an action always or never have. */
function conditionsOn(action: string, conditions: readonly Condition[]): readonly Condition[] {
  return conditions.flatMap((condition) => {
    const isDecided =
      condition.test === "BoolIfExists" &&
      condition.variable.toLowerCase() === "kms:grantisforawsresource" &&
      !/[*?]/.test(action);
    const decided = HAVE_GRANT_KEY.test(action) ? [{ ...condition, test: "Bool" }] : [];
    return isDecided ? decided : [condition];
  });
}

const areStrings = (values: readonly unknown[]): values is readonly string[] =>
  values.every((value) => typeof value === "string");

function conditionsOf(block: unknown): readonly Condition[] | undefined {
  const tests = Object.entries(objectOf(block));
  if (block !== undefined && (!isObject(block) || !tests.every(([, keys]) => isObject(keys)))) {
    return undefined;
  }
  const conditions = tests.flatMap(([test, keys]) =>
    Object.entries(objectOf(keys)).map(([variable, values]) => ({
      test,
      variable,
      values: listOf(values),
    })),
  );
  const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
  const orderOf = ({ test, variable }: Omit<Condition, "values">) => `${variable} ${test}`;
  return conditions.every(({ values }) => values.every(isScalar))
    ? conditions
        .map((each) => ({ ...each, values: [...new Set(each.values.map(String))].sort() }))
        .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
    : undefined;
}

/**
 * The grants that lie within no single other one; the others together may still allow all of it.
 */
export function uncovered(grants: readonly Grant[], others: readonly Grant[]): readonly Grant[] {
  const byAction = grouped(others, ({ action }) =>
    /[*?]/.test(action) ? "*" : action.toLowerCase(),
  );
  return grants.filter((grant) =>
    [grant.action.toLowerCase(), "*"].every(
      (action) => !byAction.get(action)?.some((other) => isWithin(grant, other)),
    ),
  );
}

/** False if that depends on what IAM does not document. */
function isWithin(grant: Grant, other: Grant): boolean {
  return (
    matchesAction(other.action.toLowerCase(), grant.action.toLowerCase()) &&
    matchesResource(other.resource, grant.resource) &&
    other.conditions.every((condition) =>
      grant.conditions.some((own) => isStricter(own, condition)),
    )
  );
}

/**
 * Whether a pattern matches a resource, or all that another pattern matches. How far a wildcard
 * reaches in an ARN is not documented, so components are compared one by one.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === resource || pattern === "*") {
    return true;
  }
  const narrow = componentsOf(resource);
  const isComparable = [pattern, resource].every(
    (text) => !text.includes("${") && text.split(":").length >= 6,
  );
  return (
    isComparable &&
    componentsOf(pattern).every((component, at) => matchesAction(component, narrow[at] ?? ""))
  );
}

export function componentsOf(arn: string): readonly string[] {
  const components = arn.split(":");
  return [...components.slice(0, 5), components.slice(5).join(":")];
}

/** Source: IAM User Guide, "IAM JSON policy elements: Condition operators". */
const OPERATOR =
  /^(?:ForA(?:ll|ny)Values?:)?(?:String|Numeric|Date|Bool|Binary|IpAddress|NotIpAddress|Arn|Null)/;

/** Whether a condition holds for no request for which the other one does not. */
function isStricter(own: Condition, other: Condition): boolean {
  if (own.test !== other.test || own.variable.toLowerCase() !== other.variable.toLowerCase()) {
    return false;
  }
  const isPart = own.values.every((value) => other.values.includes(value));
  const isWhole = other.values.every((value) => own.values.includes(value));
  if (!OPERATOR.test(own.test)) {
    return isPart && isWhole;
  }
  return /Not/.test(own.test) ? isWhole : isPart;
}

/** The networks of a Deny that has the form of `otherNetworkConditions`. */
export function networksOf(deny: Grant): Networks | undefined {
  const valuesOf = (key: string) =>
    deny.conditions.find(({ variable }) => variable === key)?.values ?? [];
  const networks = {
    cidrs: valuesOf("aws:SourceIp"),
    vpcs: valuesOf("aws:SourceVpc"),
    vpcEndpoints: valuesOf("aws:SourceVpce"),
  };
  const own: Grant = { action: "*", resource: "*", conditions: otherNetworkConditions(networks) };
  const isAny = Object.values(networks).every((values) => values.length === 0);
  return !isAny && canonical(deny) === canonical(own) ? networks : undefined;
}
