import { matchesAction } from "../../iam/action-patterns";
import { type Networks, otherNetworkConditions } from "../../iam/networks";
import { grouped } from "../../text/grouped";
import { canonical, isObject, listOf, objectOf } from "../../text/json";

/** A policy document as AWS or Terraform has it, or text that is none. */
export type Policy = unknown;

export interface Condition {
  /** As the policy writes it: `ForAllValues:StringEquals`. */
  readonly test: string;
  readonly variable: string;
  readonly values: readonly string[];
}

/**
 * One action on one resource, both of which may be patterns, under the conditions of its statement.
 */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

/** A statement or a document that is compared as a whole, by its text. */
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
 * The grants of all policies of a principal. A policy in another form than this project's, or a
 * larger one, is opaque.
 * @param side "before" or "after", for the reasons
 */
export function readGrants(policies: readonly Policy[], side: "before" | "after"): Grants {
  const [allows, denies]: [Grant[], Grant[]] = [[], []];
  const opaque = new Map<string, Opaque>();
  for (const policy of policies) {
    const { Version, Id: _, Statement, ...rest } = objectOf(policy);
    if (Statement === undefined || !VERSIONS.includes(Version) || Object.keys(rest).length > 0) {
      opaque.set(canonical(policy), {
        effect: undefined,
        reason: `a policy ${side} the change is not readable`,
      });
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
        return {
          allows: [],
          denies: [],
          opaque: new Map([[canonical(policies), { effect: undefined, reason }]]),
        };
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

/** `IfExists` is removed for a key that the requests of an action always or never have. */
function conditionsOn(action: string, conditions: readonly Condition[]): readonly Condition[] {
  const isDecided = ({ test, variable }: Condition) =>
    test === "BoolIfExists" &&
    variable.toLowerCase() === "kms:grantisforawsresource" &&
    !/[*?]/.test(action);
  const decided = (condition: Condition) =>
    HAVE_GRANT_KEY.test(action) ? [{ ...condition, test: "Bool" }] : [];
  return conditions.flatMap((condition) =>
    isDecided(condition) ? decided(condition) : [condition],
  );
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
  return conditions.every(({ values }) => values.every(isScalar))
    ? conditions
        .map((condition) => ({
          ...condition,
          values: [...new Set(condition.values.map(String))].sort(),
        }))
        .sort((one, other) =>
          `${one.variable} ${one.test}` < `${other.variable} ${other.test}` ? -1 : 1,
        )
    : undefined;
}

/**
 * The grants that lie within no single grant of others. The others together may still allow all of
 * it.
 */
export function uncovered(grants: readonly Grant[], others: readonly Grant[]): readonly Grant[] {
  const byAction = grouped(others, ({ action }) =>
    /[*?]/.test(action) ? "*" : action.toLowerCase(),
  );
  return grants.filter((grant) => {
    const candidates = [
      ...(byAction.get(grant.action.toLowerCase()) ?? []),
      ...(byAction.get("*") ?? []),
    ];
    return !candidates.some((other) => isWithin(grant, other));
  });
}

/**
 * Whether each request of a grant is one of another grant. False if that depends on what IAM does
 * not document.
 */
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
 * Whether a pattern of resources matches a resource, or all that another pattern matches.
 * Components of ARNs are compared one by one: how far a wildcard reaches is not documented.
 * Variables are equal to themselves alone.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === resource || pattern === "*") {
    return true;
  }
  const [wide, narrow] = [componentsOf(pattern), componentsOf(resource)];
  const isComparable = [pattern, resource].every(
    (text) => !text.includes("${") && text.split(":").length >= 6,
  );
  return isComparable && wide.every((component, at) => matchesAction(component, narrow[at] ?? ""));
}

/** The six components of an ARN. */
export function componentsOf(arn: string): readonly string[] {
  const [start = "", partition = "", service = "", region = "", account = "", ...resource] =
    arn.split(":");
  return [start, partition, service, region, account, resource.join(":")];
}

/** Source: IAM User Guide, "IAM JSON policy elements: Condition operators". */
const OPERATOR =
  /^(?:ForA(?:ll|ny)Values?:)?(?:String|Numeric|Date|Bool|Binary|IpAddress|NotIpAddress|Arn|Null)/;

/** Whether a condition holds for no request for which another one does not. */
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

/**
 * The networks of a Deny that has the form of `otherNetworkConditions`; undefined for another one.
 */
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
