import { Budget, BudgetExceeded } from "./budget";
import { casesOf, groupsOf } from "./cases";
import { counterexamples, distinctExamples, type Example, findDoubt } from "./counterexamples";
import { spaceOf } from "./dimensions";
import { isAllowed } from "./evaluate";
import { READINGS, type Reading, resource } from "./glob";
import type { Answer, DecisionRequest, Policies, Side, Statement } from "./model";
import { readSide } from "./read";

export interface DecisionOptions {
  /**
   * Requests that exist in AWS. A counterexample is one of them if possible. The decision itself takes every action with every resource
   * and every context key, so that a counterexample may be one that no AWS service ever asks. @default none
   */
  readonly examples?: readonly Example[];
  /** Limit of the effort, in steps of about a microsecond. @default DEFAULT_STEPS */
  readonly steps?: number;
}

/** The effort after which a decision ends as "not-comparable". */
export const DEFAULT_STEPS = 2_000_000;

/**
 * Decides whether one side allows a request that the other one does not, for all requests at once.
 *
 * Sound: "nothing-new" is a proof, and "new-request" a request that was evaluated on both sides. Decided are Action, NotAction, Resource,
 * NotResource and the condition operators of `operators.ts`. A statement with anything else (Principal, policy variables, other operators)
 * is a test without interpretation: the same test has the same result on both sides, and a difference that depends on it is
 * "not-comparable".
 *
 * Assumptions: both sides belong to the same principal; a key that no set operator tests and that is listed in `keys.ts` has at most one
 * value; requests name resources by an ARN of six components or by `*`. Where AWS documents two readings, the answer holds in all of them.
 */
export function decide(after: Side, before: Side, options: DecisionOptions = {}): Answer {
  const sides = [readSide("after", after), readSide("before", before)] as const;
  const [has, had] = sides;
  if ("reason" in has || "reason" in had) {
    const unreadable = "reason" in has ? has : had;
    return "reason" in unreadable
      ? { kind: "not-comparable", statement: unreadable.reference, reason: unreadable.reason }
      : UNDECIDED;
  }
  try {
    return decideRead(has, had, options);
  } catch (error) {
    if (error instanceof BudgetExceeded) {
      return UNDECIDED;
    }
    throw error;
  }
}

const UNDECIDED: Answer = { kind: "not-comparable", reason: "the policies have too many combinations of patterns to compare" };

/** Whether the other side allows everything that a side allows; false also where that could not be proven. */
export function subset(narrow: Side, wide: Side): boolean {
  return decide(narrow, wide).kind === "nothing-new";
}

/** Whether both sides allow the same requests; false also where that could not be proven. */
export function equivalent(one: Side, other: Side): boolean {
  return subset(one, other) && subset(other, one);
}

function decideRead(has: Policies, had: Policies, { examples = [], steps = DEFAULT_STEPS }: DecisionOptions): Answer {
  const budget = new Budget(steps);
  const statements = [has, had].flatMap(groupsOf).flat();
  const readings = distinctReadings(statements);
  const questions = readings.map((reading) => {
    const space = spaceOf(statements, reading, budget);
    return { space, cases: casesOf(space, has, had) };
  });
  const isNew = (request: DecisionRequest) =>
    readings.every((reading) => isAllowed(has, request, reading) === true && isAllowed(had, request, reading) === false);
  for (const { space, cases } of questions) {
    const request = first(counterexamples(space, cases, budget), isNew);
    if (request !== undefined) {
      const known = distinctExamples(space, examples).map((example) =>
        first(counterexamples(space, cases, budget, example), isNew),
      );
      return { kind: "new-request", request: known.find((each) => each !== undefined) ?? request };
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
  const resources = guards.flatMap((guard) =>
    guard.kind === "resource" ? guard.patterns.map((text) => ({ text, variables: guard.variables })) : [],
  );
  const byMeaning = new Map(
    READINGS.map((reading) => [
      JSON.stringify(resources.map(({ text, variables }) => resource(text, reading, variables))),
      reading,
    ]),
  );
  return [...byMeaning.values()];
}
