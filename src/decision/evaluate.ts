import { parseRange } from "./address-ranges";
import type { Budget } from "./budget";
import type { Reach } from "./glob";
import type { ConditionGuard, DecisionRequest, Guard, Policies, Statement } from "./model";
import { parseDate, parseNumber } from "./values";

/** What IAM answers to a request; undefined where a test that is not interpreted decides. */
type Verdict = boolean | undefined;

/** A request as it is evaluated: its context with names of keys in lower case, and the limit of the effort. */
interface Evaluated {
  readonly request: DecisionRequest;
  readonly context: ReadonlyMap<string, string | readonly string[]>;
  readonly reach: Reach;
  readonly budget: Budget;
}

/**
 * Evaluates one request by IAM's rules, without any of the classes of the decision: an explicit Deny wins, and identity policies, boundary
 * and each level of control policies must allow. Checks every counterexample before it is reported.
 * Source: IAM user guide, "Policy evaluation logic".
 * @throws BudgetExceeded if the policies are too large
 */
export function isAllowed(policies: Policies, request: DecisionRequest, reach: Reach, budget: Budget): Verdict {
  const { identity, boundary, controlPolicies } = policies;
  const context = new Map(Object.entries(request.context).map(([name, value]) => [name.toLowerCase(), value]));
  budget.spend(context.size);
  const evaluated = { request, context, reach, budget };
  const groups = [identity, ...(boundary === undefined ? [] : [boundary]), ...controlPolicies];
  const matching = (effect: Statement["effect"], statements: readonly Statement[]) =>
    any(statements.filter((each) => each.effect === effect).map(({ guards }) => matches(guards, evaluated)));
  return all([not(matching("Deny", groups.flat())), ...groups.map((group) => matching("Allow", group))]);
}

function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(false)) {
    return false;
  }
  return verdicts.includes(undefined) ? undefined : true;
}

function any(verdicts: readonly Verdict[]): Verdict {
  return not(all(verdicts.map(not)));
}

function not(verdict: Verdict): Verdict {
  return verdict === undefined ? undefined : !verdict;
}

function matches(guards: readonly Guard[], evaluated: Evaluated): Verdict {
  let verdict: Verdict = true;
  for (const guard of guards) {
    const holding = holds(guard, evaluated);
    if (holding === false) {
      return false;
    }
    verdict = holding === undefined ? undefined : verdict;
  }
  return verdict;
}

function holds(guard: Guard, { request, context, reach, budget }: Evaluated): Verdict {
  switch (guard.kind) {
    case "opaque":
      return undefined;
    case "action": {
      const action = request.action.toLowerCase();
      return guard.patterns.some((pattern) => matchesPattern(pattern, action, { reach: "text" }, budget)) !== guard.negated;
    }
    case "resource": {
      const options = { reach, variables: guard.variables };
      return guard.patterns.some((pattern) => matchesPattern(pattern, request.resource, options, budget)) !== guard.negated;
    }
    case "condition":
      return conditionHolds(guard.condition, context.get(guard.condition.key), budget);
  }
}

function conditionHolds(condition: ConditionGuard, given: string | readonly string[] | undefined, budget: Budget): Verdict {
  const { operator, values } = condition;
  if (operator.test === "null") {
    return values.some((value) => value.toLowerCase() === String(given === undefined));
  }
  if (given === undefined) {
    return operator.set === "all" || (operator.set !== "any" && (operator.negated || operator.ifExists));
  }
  const matchesOne = (value: string) =>
    values.some((expected) => valueMatches(condition, expected, value, budget)) !== operator.negated;
  switch (operator.set) {
    case "all":
      return [given].flat().every(matchesOne);
    case "any":
      return [given].flat().some(matchesOne);
    case "single":
      return typeof given === "string" ? matchesOne(given) : undefined;
  }
}

function valueMatches({ operator, variables }: ConditionGuard, expected: string, value: string, budget: Budget): boolean {
  switch (operator.test) {
    case "like":
      return matchesPattern(expected, value, { reach: "text", variables }, budget);
    case "arn":
      return matchesPattern(expected, value, { reach: "components", variables }, budget);
    case "equals":
      budget.spend(expected.length / CHARACTERS);
      return unescaped(expected, variables) === value;
    case "equals-ignore-case":
      budget.spend(expected.length / CHARACTERS);
      return unescaped(expected, variables).toLowerCase() === value.toLowerCase();
    case "bool":
      return expected.toLowerCase() === value.toLowerCase();
    case "address":
      budget.spend(8);
      return isWithin(expected, value);
    case "null":
      return false;
    default:
      budget.spend(1);
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

/** Characters that are compared in one step. */
const CHARACTERS = 32;

/** What takes one character of a string, or any number of them. */
interface Taker {
  /** Undefined for a wildcard. */
  readonly char?: string;
  readonly many?: boolean;
  /** Whether a wildcard takes a colon. */
  readonly colon?: boolean;
}

interface PatternOptions {
  readonly reach: Reach;
  readonly variables?: boolean;
}

/** Whether a pattern matches a string, in time that grows with the product of their lengths at most. */
function matchesPattern(pattern: string, text: string, options: PatternOptions, budget: Budget): boolean {
  budget.spend((4 + pattern.length) / CHARACTERS);
  const literals = pattern.search(/[*?$]/);
  if (literals < 0) {
    return pattern === text;
  }
  if (!text.startsWith(pattern.slice(0, literals))) {
    return false;
  }
  const takers = takersOf(pattern, options);
  // All positions in the pattern that the characters read so far can lead to, in ascending order.
  let positions = reached([0], takers);
  for (const char of text) {
    budget.spend(positions.length / 4);
    const following = positions.flatMap((at) => {
      const taker = takers[at];
      if (taker === undefined || !takes(taker, char)) {
        return [];
      }
      return taker.many ? [at] : [at + 1];
    });
    positions = reached(following, takers);
  }
  return positions.at(-1) === takers.length;
}

/** The positions, and those after a `*`, which may take nothing. */
function reached(positions: readonly number[], takers: readonly Taker[]): readonly number[] {
  const all: number[] = [];
  for (const position of positions) {
    for (let at = position, isOpen = true; isOpen; at += 1) {
      isOpen = takers[at]?.many === true;
      if (at > (all.at(-1) ?? -1)) {
        all.push(at);
      }
    }
  }
  return all;
}

function takes({ char, colon }: Taker, given: string): boolean {
  return char === undefined ? colon === true || given !== ":" : char === given;
}

/** A pattern by its components: how far their wildcards reach differs. */
function takersOf(pattern: string, { reach, variables = false }: PatternOptions): readonly Taker[] {
  if (reach === "text") {
    return componentOf(pattern, variables, true);
  }
  const components = pattern.split(":");
  return components.flatMap((component, at) => {
    const takers = componentOf(component, variables, reach === "components" && at >= 5);
    const ends = reach === "documented" || at === components.length - 1;
    const reaching = takers.map((taker, position) =>
      ends && taker.many && position === takers.length - 1 ? { ...taker, colon: true } : taker,
    );
    return at === 0 ? reaching : [{ char: ":" }, ...reaching];
  });
}

function componentOf(component: string, variables: boolean, colon: boolean): readonly Taker[] {
  const ordered = component.replaceAll(/[*?]{2,}/g, (run) => run.replaceAll("*", "") + (run.includes("*") ? "*" : ""));
  const symbols = ordered.match(variables ? /\$\{[*?$]\}|[\s\S]/gu : /[\s\S]/gu) ?? [];
  return symbols.map((symbol) => {
    const isWildcard = symbol === "*" || symbol === "?";
    return isWildcard ? { many: symbol === "*", colon } : { char: unescaped(symbol, variables) };
  });
}
