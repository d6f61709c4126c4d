import { Budget, BudgetExceeded } from "./budget";
import { type Case, casesOf, groupsOf } from "./cases";
import { counterexamples, type Example, findDoubt, regionsOf, wholeSpace } from "./counterexamples";
import { type Space, spacesOf } from "./dimensions";
import { isAllowed } from "./evaluate";
import { READINGS, type Reading, resource } from "./glob";
import { guesses, withoutVariables } from "./guesses";
import type { Answer, DecisionRequest, Policies, Side, Statement } from "./model";
import { readSide, type Unreadable } from "./read";

export interface DecisionOptions {
  /**
   * Requests that exist in AWS. A counterexample is one of them if possible. The decision itself takes every action with every resource
   * and every context key, so that a counterexample may be one that no AWS service ever asks. @default none
   */
  readonly examples?: readonly Example[];
  /** Limit of the effort in steps; a thousand steps take up to 0.6 ms. @default DEFAULT_STEPS */
  readonly steps?: number;
}

/**
 * The effort after which a decision ends as "not-comparable", unless a guessed request shows a difference. Measured: at most 420 ms of CPU
 * time for both directions, on each of AWS's 1,485 managed policies. Two policies of this project take about 20,000 steps.
 */
export const DEFAULT_STEPS = 250_000;

/**
 * Decides whether one side allows a request that the other one does not, for all requests at once.
 *
 * Sound: "nothing-new" is a proof, and "new-request" a request that was evaluated on both sides. Decided are Action, NotAction, Resource,
 * NotResource and the condition operators of `operators.ts`. A statement with anything else (Principal, policy variables, other operators)
 * is a test without interpretation: the same test has the same result on both sides, and a difference that depends on it is
 * "not-comparable".
 *
 * Assumptions: both sides belong to the same principal, so that a policy variable has the same value on both; a key that `context-keys.ts` lists
 * as single-valued has at most one value; an operator without `ForAllValues` or `ForAnyValue` does not match several values; requests name
 * resources by an ARN of six components or by `*`. Where AWS leaves open how far wildcards reach, the answer holds in all readings
 * (see `READINGS`). A Terraform reference to the account is a policy variable here: replace it by a placeholder of 12 digits first.
 */
export function decide(after: Side, before: Side, { examples, steps }: DecisionOptions = {}): Answer {
  return comparisonOf(after, before, steps).added(examples);
}

/** Two sides, to be decided in one direction or both. */
export interface Comparison {
  /** Whether the side after the change allows a request that the one before does not. */
  readonly added: (examples?: readonly Example[]) => Answer;
  /** The reverse. */
  readonly removed: () => Answer;
}

/** Prepares the decision, which takes most of the effort and is the same in both directions. */
export function comparisonOf(after: Side, before: Side, steps = DEFAULT_STEPS): Comparison {
  // The same policies allow the same, however much effort it took to prove.
  if (JSON.stringify(after) === JSON.stringify(before)) {
    return always({ kind: "nothing-new" });
  }
  const [has, had] = [readSide("after", after), readSide("before", before)];
  if ("reason" in has) {
    return always(unreadable(has));
  }
  if ("reason" in had) {
    return always(unreadable(had));
  }
  const basis = withinBudget(() => basisOf([has, had], steps));
  const decided = (one: Policies, other: Policies, examples: readonly Example[]) =>
    (basis && withinBudget(() => decideRead(one, other, basis, examples))) ?? UNDECIDED;
  // A decision with less effort guesses nothing.
  const guessed = steps < DEFAULT_STEPS ? (answer: Answer) => answer : orGuessed;
  return {
    added: (examples = []) => guessed(decided(has, had, examples), after, before),
    removed: () => guessed(decided(had, has, []), before, after),
  };
}

/** A request that was guessed and evaluated on both sides, where the decision itself found neither a proof nor a request. */
function orGuessed(answer: Answer, after: Side, before: Side): Answer {
  const filled = answer.kind === "not-comparable" ? withoutVariables(after, before) : undefined;
  if (filled === undefined) {
    return answer;
  }
  const [has, had] = [readSide("after", filled.after), readSide("before", filled.before)];
  if ("reason" in has || "reason" in had) {
    return answer;
  }
  const isNew = newIn(has, had, READINGS);
  const request = first(guesses(has, had, filled.values), isNew);
  return request === undefined ? answer : { kind: "new-request", request: withLeastContext(request, filled.values, isNew) };
}

function newIn(has: Policies, had: Policies, readings: readonly Reading[]): (request: DecisionRequest) => boolean {
  return (request) =>
    readings.every((reading) => isAllowed(has, request, reading) === true && isAllowed(had, request, reading) === false);
}

function always(answer: Answer): Comparison {
  return { added: () => answer, removed: () => answer };
}

function withinBudget<Result>(decided: () => Result): Result | undefined {
  try {
    return decided();
  } catch (error) {
    if (error instanceof BudgetExceeded) {
      return undefined;
    }
    throw error;
  }
}

function unreadable({ reference, reason }: Unreadable): Answer {
  return { kind: "not-comparable", statement: reference, reason };
}

const UNDECIDED: Answer = { kind: "not-comparable", reason: "the policies have too many combinations of patterns to compare" };

/** Whether the other side allows everything that a side allows; false also where that could not be proven. */
export function subset(narrow: Side, wide: Side): boolean {
  return decide(narrow, wide).kind === "nothing-new";
}

/** Whether both sides allow the same requests; false also where that could not be proven. */
export function equivalent(one: Side, other: Side): boolean {
  const { added, removed } = comparisonOf(one, other);
  return added().kind === "nothing-new" && removed().kind === "nothing-new";
}

/** What a decision is based on in both directions. */
interface Basis {
  readonly readings: readonly Reading[];
  readonly spaces: readonly Space[];
  /** Limit of the effort of all of a decision, and what the basis leaves of it. */
  readonly steps: number;
  readonly left: number;
}

function basisOf(sides: readonly Policies[], steps: number): Basis {
  const budget = new Budget(steps);
  const statements = sides.flatMap(groupsOf).flat();
  const readings = distinctReadings(statements);
  const spaces = spacesOf(statements, readings, budget);
  return { readings, spaces, steps, left: budget.left };
}

function decideRead(
  has: Policies,
  had: Policies,
  { readings, spaces, steps, left }: Basis,
  examples: readonly Example[],
): Answer {
  const budget = new Budget(left);
  const questions = spaces.map((space) => ({ space, cases: casesOf(space, has, had) }));
  const isNew = newIn(has, had, readings);
  for (const { space, cases } of questions) {
    const request = first(counterexamples(space, cases, wholeSpace(space), budget), isNew);
    if (request !== undefined) {
      const known = knownRequest(space, cases, examples, new Budget(steps / 4), isNew);
      return { kind: "new-request", request: withLeastContext(known ?? request, {}, isNew) };
    }
  }
  for (const { space, cases } of questions) {
    const doubt = findDoubt(space, cases, budget);
    if (doubt !== undefined) {
      return doubt;
    }
  }
  return { kind: "nothing-new" };
}

/** A new request with the action and the resource of an example; undefined if there is none, or if it takes too long to find. */
function knownRequest(
  space: Space,
  cases: readonly Case[],
  examples: readonly Example[],
  budget: Budget,
  isNew: (request: DecisionRequest) => boolean,
): DecisionRequest | undefined {
  return withinBudget(() => {
    for (const { example, region } of regionsOf(space, examples)) {
      for (const request of counterexamples(space, cases, [region], budget)) {
        const { action, resource: name } = example;
        if (isNew({ ...request, action, resource: name })) {
          return { ...request, action, resource: name };
        }
      }
    }
    return undefined;
  });
}

/** Leaves out the keys that make no difference, but for those of policy variables. */
function withLeastContext(
  request: DecisionRequest,
  variables: DecisionRequest["context"],
  isNew: (request: DecisionRequest) => boolean,
): DecisionRequest {
  let least = request;
  for (const key of Object.keys(request.context).filter((name) => !Object.hasOwn(variables, name))) {
    const { [key]: _, ...context } = least.context;
    const without = { ...request, context };
    least = isNew(without) ? without : least;
  }
  return least;
}

function first<Item>(items: Iterable<Item>, wanted: (item: Item) => boolean): Item | undefined {
  for (const item of items) {
    if (wanted(item)) {
      return item;
    }
  }
  return undefined;
}

/** Of readings that are the same for all resources of the statements, one. */
function distinctReadings(statements: readonly Statement[]): readonly Reading[] {
  const guards = statements.flatMap((statement) => statement.guards);
  const patterns = new Set(guards.flatMap((guard) => (guard.kind === "resource" ? guard.patterns : [])));
  const wild = [...patterns].filter((pattern) => /[*?]/.test(pattern));
  const meaning = (text: string, reading: Reading) =>
    resource(text, reading).map((symbol) => symbol.kind !== "literal" && symbol.colon);
  const byMeaning = new Map(READINGS.map((reading) => [wild.map((text) => meaning(text, reading)).join(), reading]));
  return [...byMeaning.values()];
}
