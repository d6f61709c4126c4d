import type { Budget } from "./budget";
import { matches as matchesGlob, type Reach, resource } from "./glob";
import type {
  ConditionGuard,
  DecisionRequest,
  Guard,
  PatternGuard,
  Policies,
  Statement,
} from "./model";
import { holdsWhenAbsent } from "./operators";
import { isWithin, ORDERS } from "./orders";
import { familyOf, lowered } from "./values";

/** What IAM answers to a request; undefined where a test that is not interpreted decides. */
type Verdict = boolean | undefined;

/**
 * A request as it is evaluated: its context with names of keys in lower case, and the limit of the
 * effort.
 */
interface Evaluated {
  readonly request: DecisionRequest;
  readonly context: ReadonlyMap<string, string | readonly string[]>;
  readonly reach: Reach;
  readonly budget: Budget;
}

/**
 * Evaluates one request by IAM's rules, without any of the classes of the decision: an explicit
 * Deny wins, and identity policies, boundary and each level of control policies must allow. Checks
 * every counterexample before it is reported. Source: IAM user guide, "Policy evaluation logic".
 * @throws BudgetExceeded if the policies are too large
 */
export function isAllowed(
  policies: Policies,
  request: DecisionRequest,
  reach: Reach,
  budget: Budget,
): Verdict {
  const context = new Map(
    Object.entries(request.context).map(([name, value]) => [lowered(name), value]),
  );
  budget.spend(context.size);
  const evaluated = { request, context, reach, budget };
  const matching = (effect: Statement["effect"], statements: readonly Statement[]) =>
    any(
      statements
        .filter((each) => each.effect === effect)
        .map(({ guards }) => matches(guards, evaluated)),
    );
  return all([
    not(matching("Deny", policies.flat())),
    ...policies.map((group) => matching("Allow", group)),
  ]);
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
    case "action":
      return matchesPatterns(guard, lowered(request.action), "text", budget);
    case "resource":
      return matchesPatterns(guard, request.resource, reach, budget);
    case "condition":
      return conditionHolds(guard, context.get(guard.key), budget);
  }
}

/** Characters that are compared in one step. */
const CHARACTERS = 32;

function matchesPatterns(
  { patterns, negated, variables }: PatternGuard,
  text: string,
  reach: Reach,
  budget: Budget,
): boolean {
  const isMatched = patterns.some((pattern) => {
    budget.spend((4 + pattern.length) / CHARACTERS);
    const literals = pattern.search(/[*?$]/);
    return literals < 0
      ? pattern === text
      : text.startsWith(pattern.slice(0, literals)) &&
          matchesGlob(resource(pattern, reach, variables), text, budget);
  });
  return isMatched !== negated;
}

function conditionHolds(
  condition: ConditionGuard,
  given: string | readonly string[] | undefined,
  budget: Budget,
): Verdict {
  const { operator, values } = condition;
  if (operator.test === "null") {
    return values.some((value) => value.toLowerCase() === String(given === undefined));
  }
  if (given === undefined) {
    return holdsWhenAbsent(operator);
  }
  const matchesOne = (value: string) => matchesValue(condition, value, budget) !== operator.negated;
  switch (operator.set) {
    case "all":
      return [given].flat().every(matchesOne);
    case "any":
      return [given].flat().some(matchesOne);
    case "single":
      return typeof given === "string" ? matchesOne(given) : undefined;
  }
}

function matchesValue(
  { operator, globs, intervals }: ConditionGuard,
  value: string,
  budget: Budget,
): boolean {
  budget.spend((globs.length + intervals.length) / 8);
  const family = familyOf(operator.test);
  const point = family === "text" ? undefined : ORDERS[family].read(value);
  return (
    globs.some((glob) => matchesGlob(glob, value, budget)) ||
    (point !== undefined && intervals.some((interval) => isWithin(point, interval)))
  );
}
