import { parseRange } from "./address-ranges";
import type { Reading } from "./glob";
import type { ConditionGuard, DecisionRequest, Guard, Policies, Statement } from "./model";
import { parseDate, parseNumber } from "./values";

/** What IAM answers to a request; undefined where a test that is not interpreted decides. */
type Verdict = boolean | undefined;

/**
 * Evaluates one request by IAM's rules, with regular expressions and without any of the classes of the decision: an explicit Deny wins,
 * and identity policies, boundary and each level of control policies must allow. Checks every counterexample before it is reported.
 * Source: IAM user guide, "Policy evaluation logic".
 */
export function isAllowed(
  { identity, boundary, controlPolicies }: Policies,
  request: DecisionRequest,
  reading: Reading,
): Verdict {
  const groups = [identity, ...(boundary === undefined ? [] : [boundary]), ...controlPolicies];
  const matching = (effect: Statement["effect"], statements: readonly Statement[]) =>
    any(statements.filter((each) => each.effect === effect).map((each) => matches(each, request, reading)));
  return all([not(matching("Deny", groups.flat())), ...groups.map((group) => matching("Allow", group))]);
}

function all(verdicts: readonly Verdict[]): Verdict {
  return verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true;
}

function any(verdicts: readonly Verdict[]): Verdict {
  return not(all(verdicts.map(not)));
}

function not(verdict: Verdict): Verdict {
  return verdict === undefined ? undefined : !verdict;
}

function matches({ guards }: Statement, request: DecisionRequest, reading: Reading): Verdict {
  return all(guards.map((guard) => holds(guard, request, reading)));
}

function holds(guard: Guard, request: DecisionRequest, reading: Reading): Verdict {
  switch (guard.kind) {
    case "opaque":
      return undefined;
    case "action":
      return matchesSome(guard.patterns, request.action.toLowerCase(), (pattern) => wildcards(pattern, false)) !== guard.negated;
    case "resource":
      return matchesSome(guard.patterns, request.resource, (pattern) => arn(pattern, reading, guard.variables)) !== guard.negated;
    case "condition":
      return conditionHolds(guard.condition, request.context);
  }
}

/** No expression is compiled for patterns without wildcards and escapes, and for those that begin with another text. */
function matchesSome(patterns: readonly string[], text: string, compile: (pattern: string) => RegExp): boolean {
  return patterns.some((pattern) => {
    const literals = pattern.search(/[*?$]/);
    return literals < 0 ? pattern === text : text.startsWith(pattern.slice(0, literals)) && compile(pattern).test(text);
  });
}

function conditionHolds(condition: ConditionGuard, context: DecisionRequest["context"]): Verdict {
  const { operator, key, values } = condition;
  const given = Object.entries(context).find(([name]) => name.toLowerCase() === key)?.[1];
  if (operator.test === "null") {
    return values.some((value) => value.toLowerCase() === String(given === undefined));
  }
  if (given === undefined) {
    return operator.set === "all" || (operator.set !== "any" && (operator.negated || operator.ifExists));
  }
  const matchesOne = (value: string) => values.some((expected) => valueMatches(condition, expected, value)) !== operator.negated;
  switch (operator.set) {
    case "all":
      return [given].flat().every(matchesOne);
    case "any":
      return [given].flat().some(matchesOne);
    case "single":
      return typeof given === "string" ? matchesOne(given) : undefined;
  }
}

function valueMatches({ operator, variables }: ConditionGuard, expected: string, value: string): boolean {
  switch (operator.test) {
    case "equals":
      return unescaped(expected, variables) === value;
    case "equals-ignore-case":
      return unescaped(expected, variables).toLowerCase() === value.toLowerCase();
    case "bool":
      return expected.toLowerCase() === value.toLowerCase();
    case "like":
      return wildcards(expected, variables).test(value);
    case "arn":
      return arn(expected, "components", variables).test(value);
    case "address":
      return isWithin(expected, value);
    case "null":
      return false;
    default:
      return compares(operator.test, expected, value);
  }
}

function compares(test: string, expected: string, value: string): boolean {
  const parse = test.startsWith("date-") ? parseDate : parseNumber;
  const [limit, point] = [parse(expected), parse(value)];
  if (limit === undefined || point === undefined) {
    return false;
  }
  const difference = Math.sign(point - limit);
  return (
    (test.includes("less") && difference < 0) ||
    (test.includes("greater") && difference > 0) ||
    (test.includes("equal") && difference === 0)
  );
}

function isWithin(block: string, address: string): boolean {
  const [outer, inner] = [parseRange(block), parseRange(address)];
  return outer !== undefined && inner !== undefined && outer.first <= inner.first && inner.last <= outer.last;
}

const ESCAPE = /\$\{([*?$])\}/g;

function unescaped(text: string, variables: boolean): string {
  return variables ? text.replaceAll(ESCAPE, "$1") : text;
}

/** A pattern whose wildcards match any character. */
function wildcards(pattern: string, variables: boolean): RegExp {
  return new RegExp(`^${source(pattern, variables, ".", ".*")}$`, "su");
}

/** A pattern of ARNs, in one of the readings of wildcards next to colons. */
function arn(pattern: string, reading: Reading, variables: boolean): RegExp {
  if (reading === "text") {
    return wildcards(pattern, variables);
  }
  const parts = pattern.split(":");
  const last = parts.length - 1;
  const sources = parts.map((part, at) => {
    const free = reading === "components" ? at >= 5 : false;
    const inner = source(part, variables, free ? "." : "[^:]", free ? ".*" : "[^:]*");
    const reaches = part.endsWith("*") && (reading === "documented" || at === last);
    return reaches && !free ? inner.replace(/\[\^:\]\*$/, ".*") : inner;
  });
  return new RegExp(`^${sources.join(":")}$`, "su");
}

function source(pattern: string, variables: boolean, one: string, many: string): string {
  const parts = pattern.match(variables ? /\$\{[*?$]\}|\*+|[\s\S]/gu : /\*+|[\s\S]/gu) ?? [];
  return parts
    .map((part) =>
      part.startsWith("*") ? many : part === "?" ? one : unescaped(part, variables).replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&"),
    )
    .join("");
}
