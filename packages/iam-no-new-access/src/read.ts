import type {
  Guard,
  PatternGuard,
  Policies,
  PolicyJson,
  Side,
  Statement,
  StatementReference,
} from "./model";
import { readOperator } from "./operators";
import { hasVariable, lowered, readValues, VARIABLES, withFoldedVariables } from "./values";

interface Unreadable {
  readonly statement: StatementReference;
  readonly reason: string;
}

/** Reads all policies of a side, or returns which document prevents it. */
export function readSide(
  side: StatementReference["side"],
  { identity, boundary, controlPolicies = [] }: Side,
): Policies | Unreadable {
  const kinds = {
    identity: [identity],
    boundary: boundary === undefined ? [] : [[boundary]],
    control: controlPolicies,
  };
  const groups = Object.entries(kinds).flatMap(([kind, levels]) => {
    let document = 0;
    const policy = kind as keyof typeof kinds;
    return levels.map((policies) =>
      policies.map((json) => readDocument(json, { side, policy, document: ++document })),
    );
  });
  const unreadable = groups.flat().find((reading): reading is Unreadable => "reason" in reading);
  return unreadable ?? (groups as (readonly Statement[])[][]).map((group) => group.flat());
}

function readDocument(
  document: PolicyJson,
  reference: StatementReference,
): readonly Statement[] | Unreadable {
  const elements: Readonly<Record<string, unknown>> = isRecord(document)
    ? document
    : { "": document };
  const { Version: version = "2008-10-17", Id: _, Statement: statements, ...rest } = elements;
  if ((version !== "2008-10-17" && version !== "2012-10-17") || Object.keys(rest).length > 0) {
    return {
      statement: reference,
      reason: "is not a policy document of version 2008-10-17 or 2012-10-17",
    };
  }
  const readings = listOf(statements).map((statement, at) => {
    const sid =
      isRecord(statement) && typeof statement.Sid === "string" ? statement.Sid : undefined;
    const variables = version === "2012-10-17";
    return readStatement(statement, { ...reference, statement: at + 1, sid }, variables);
  });
  return (
    readings.find((reading): reading is Unreadable => "reason" in reading) ??
    (readings as (readonly Statement[])[]).flat()
  );
}

/**
 * A statement becomes several where a resource needs a test of its own.
 * @param variables whether `${...}` are policy variables, as from version 2012-10-17 on
 */
function readStatement(
  json: unknown,
  reference: StatementReference,
  variables: boolean,
): readonly Statement[] | Unreadable {
  const statement = isRecord(json) ? json : {};
  const effect = statement.Effect;
  if (effect !== "Allow" && effect !== "Deny") {
    return { statement: reference, reason: "has neither effect Allow nor Deny" };
  }
  const { Sid: _, Effect: __, Principal, NotPrincipal, ...elements } = statement;
  const { Action, NotAction, Resource, NotResource, Condition, ...rest } = elements;
  const principal = [Principal, NotPrincipal].map((element) =>
    element === undefined ? "" : canonical(element),
  );
  const hasPrincipal = principal.join("") !== "";
  // A trust policy has no resource.
  const resource = Resource ?? (hasPrincipal && NotResource === undefined ? "*" : undefined);
  const understood =
    Object.keys(rest).length === 0 &&
    (Action === undefined) !== (NotAction === undefined) &&
    (resource === undefined) !== (NotResource === undefined);
  if (!understood) {
    const text = ["statement", canonical({ ...statement, Sid: "", variables })];
    return [statementOf(reference, effect, [opaque(text, "has elements that are not compared")])];
  }
  const always = [
    actionGuard(Action ?? NotAction, NotAction !== undefined),
    ...conditionGuards(Condition, variables),
  ];
  if (hasPrincipal) {
    always.push(
      opaque(["principal", ...principal], "has a principal, which is compared as a whole"),
    );
  }
  const alternatives = resourceGuards(
    resource ?? NotResource,
    NotResource !== undefined,
    variables,
  );
  return alternatives.map((guards) => statementOf(reference, effect, [...always, ...guards]));
}

/** `*`, or a service and a pattern of its actions; IAM refuses wildcards in the service. */
const ACTION = /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/;

function actionGuard(value: unknown, negated: boolean): Guard {
  const actions = strings(value)?.map(lowered);
  return actions?.every((action) => ACTION.test(action))
    ? patternGuard("action", [...new Set(actions)].sort(), { negated, variables: false })
    : opaque(["action", negated, canonical(value)], "has actions that IAM does not accept");
}

function patternGuard(
  kind: PatternGuard["kind"],
  patterns: readonly string[],
  options: Pick<PatternGuard, "negated" | "variables">,
): PatternGuard {
  return { kind, text: JSON.stringify([kind, patterns, options.variables]), patterns, ...options };
}

const RESOURCE = /^(?:\*$|arn:)/;

/**
 * For Resource one alternative for all that are read, and one for each that has a policy variable
 * or is no ARN; for NotResource only one.
 */
function resourceGuards(
  value: unknown,
  negated: boolean,
  variables: boolean,
): readonly (readonly Guard[])[] {
  const element = negated ? "not resource" : "resource";
  const resources = strings(value);
  if (resources === undefined) {
    return [[opaque([element, canonical(value)], INVALID_RESOURCE)]];
  }
  const isRead = (resource: string) =>
    RESOURCE.test(resource) && !(variables && hasVariable(resource));
  const patterns = resources.filter(isRead);
  const others = resources.filter((resource) => !isRead(resource));
  const read =
    patterns.length === 0 ? [] : [[patternGuard("resource", patterns, { negated, variables })]];
  // Not the opposite of the same resource in Resource: a variable may have no value.
  return negated
    ? [[...read.flat(), ...others.map((resource) => opaqueResource(resource, variables, element))]]
    : [...read, ...others.map((resource) => variableGuards(resource, variables))];
}

/**
 * A resource with variables matches at most what the same resource with `*` instead of the
 * variables matches.
 */
function variableGuards(resource: string, variables: boolean): readonly Guard[] {
  const test = opaqueResource(resource, variables);
  const patterns = [resource.replaceAll(VARIABLES, "*")];
  return variables && RESOURCE.test(resource)
    ? [patternGuard("resource", patterns, { negated: false, variables }), test]
    : [test];
}

const INVALID_RESOURCE = "has a resource that is neither * nor an ARN";

function opaqueResource(resource: string, variables: boolean, element = "resource"): Guard {
  const reason =
    variables && hasVariable(resource)
      ? `has the policy variable in ${resource}`
      : INVALID_RESOURCE;
  return opaque([element, variables, variables ? withFoldedVariables(resource) : resource], reason);
}

function conditionGuards(value: unknown, variables: boolean): readonly Guard[] {
  if (value === undefined) {
    return [];
  }
  const blocks = isRecord(value) ? Object.entries(value) : [];
  if (!isRecord(value) || !blocks.every(([, keys]) => isRecord(keys) && isEachOnce(keys))) {
    return [
      opaque(
        ["conditions", canonical(value)],
        "has a condition that is not a map of operators to keys, or has a key twice",
      ),
    ];
  }
  return blocks.flatMap(([operator, keys]) =>
    Object.entries(isRecord(keys) ? keys : {}).map(([name, values]) =>
      conditionGuard(operator, name, values, variables),
    ),
  );
}

/** Whether no two keys differ only in case. AWS does not document which one would count. */
function isEachOnce(keys: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(keys).map(lowered);
  return new Set(names).size === names.length;
}

function conditionGuard(
  operatorName: string,
  name: string,
  value: unknown,
  variables: boolean,
): Guard {
  const operator = readOperator(operatorName);
  const key = lowered(name);
  const values = strings(value);
  const read =
    operator && values && !hasVariable(name)
      ? readValues(operator.test, values, variables)
      : undefined;
  return operator && values && read
    ? {
        kind: "condition",
        text: JSON.stringify([key, operator, values, variables]),
        operator,
        key,
        name,
        values,
        ...read,
      }
    : opaque(
        [
          "condition",
          variables,
          operatorName,
          key,
          canonical(variables ? (values?.map(withFoldedVariables) ?? value) : value),
        ],
        `has the condition ${operatorName} on ${name}, which is not interpreted`,
      );
}

export function statementOf(
  reference: StatementReference,
  effect: Statement["effect"],
  guards: readonly Guard[],
): Statement {
  const tests = guards.map((guard) =>
    JSON.stringify(["negated" in guard && guard.negated, guard.text]),
  );
  return { reference, effect, guards, text: JSON.stringify([effect, ...tests.sort()]) };
}

/** @param text in parts, which no value can imitate */
function opaque(text: readonly unknown[], reason: string): Guard {
  return { kind: "opaque", text: JSON.stringify(text), reason };
}

/**
 * One string or a list of them, without duplicates and sorted; undefined if there is anything else,
 * or nothing.
 */
function strings(value: unknown): readonly string[] | undefined {
  const entries = listOf(value);
  const scalars = entries.filter((entry) => ["string", "number", "boolean"].includes(typeof entry));
  return entries.length > 0 && scalars.length === entries.length
    ? [...new Set(scalars.map(String))].sort()
    : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with sorted keys; lists are sets in policies, so they are sorted too. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${[...new Set(value.map(canonical))].sort().join(",")}]`;
  }
  if (isRecord(value)) {
    const entries = Object.keys(value).sort();
    return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "undefined";
}
