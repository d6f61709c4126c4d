import { Budget, withinBudget } from "./budget";
import { casesOf, hasNothingNew } from "./cases";
import { counterexamples, findDoubt } from "./counterexamples";
import { spacesOf } from "./dimensions";
import { isAllowed, type KnownPart, remaining } from "./evaluate";
import { REACHES, type Reach, resource } from "./glob";
import { type Expander, expander, type KnownActions } from "./known-actions";
import type { Answer, DecisionRequest, Policies, Side, Statement } from "./model";
import { readSide, statementText } from "./read";
import { withoutVariables } from "./values";

export interface DecisionOptions {
  /** Limit of the effort in steps; a thousand steps take up to 0.6 ms. @default DEFAULT_STEPS */
  readonly steps?: number;
  /**
   * The actions of AWS services. A pattern that matches few of them stands for these: `ec2:*KeyPair` is the same as the three actions that
   * exist, and a counterexample has an action that exists where one shows the difference. @default any action may exist
   */
  readonly actions?: KnownActions;
}

/**
 * The effort after which a decision ends as "not-comparable", unless a request with one action shows a difference. Measured: at most 420 ms of CPU
 * time for both directions, on each of AWS's 1,485 managed policies. Two policies of this project take about 20,000 steps.
 */
const DEFAULT_STEPS = 250_000;

/** More than AWS accepts: ten attached policies of 6,144 characters, and room for white space. Source: IAM user guide, "IAM quotas". */
const MAX_CHARACTERS = 2 ** 17;

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
 * resources by an ARN of six components or by `*`. Where AWS leaves open how far wildcards reach, the answer holds in all ways
 * (see `REACHES`). A Terraform reference to the account is a policy variable here: replace it by a placeholder of 12 digits first.
 */
export function decide(after: Side, before: Side, options: DecisionOptions = {}): Answer {
  return comparisonOf(after, before, options).added();
}

/** Two sides, to be decided in one direction or both. */
export interface Comparison {
  /** Whether the side after the change allows a request that the one before does not. */
  readonly added: () => Answer;
  /** The reverse. */
  readonly removed: () => Answer;
}

/** Prepares the decision, which takes most of the effort and is the same in both directions. */
export function comparisonOf(after: Side, before: Side, options: DecisionOptions = {}): Comparison {
  const { steps = DEFAULT_STEPS, actions = {} } = options;
  const [afterText, beforeText] = [JSON.stringify(after), JSON.stringify(before)];
  // The same policies allow the same, however much effort it took to prove.
  if (afterText === beforeText) {
    return always({ kind: "nothing-new" });
  }
  if (Math.max(afterText.length, beforeText.length) > MAX_CHARACTERS) {
    return always({ kind: "not-comparable", reason: "the policies are larger than AWS accepts" });
  }
  const expanded = expander(actions);
  const [readAfter, readBefore] = [readSide("after", after, expanded), readSide("before", before, expanded)];
  if ("reason" in readAfter) {
    return always({ kind: "not-comparable", ...readAfter });
  }
  if ("reason" in readBefore) {
    return always({ kind: "not-comparable", ...readBefore });
  }
  let prepared: { readonly basis: Basis | undefined } | undefined;
  const decided = (one: Policies, other: Policies): Answer => {
    if (hasNothingNew(one, other)) {
      return { kind: "nothing-new" };
    }
    prepared ??= { basis: withinBudget(() => basisOf([...readAfter, ...readBefore].flat(), steps)) };
    const { basis } = prepared;
    const question = basis && { one, other, isNew: newIn(one, other, basis.reaches), actions, steps };
    return (question && withinBudget(() => decideRead(question, basis))) ?? UNDECIDED;
  };
  return {
    added: () => orOfAction(decided(readAfter, readBefore), after, before, { steps, actions, expanded }),
    removed: () => orOfAction(decided(readBefore, readAfter), before, after, { steps, actions, expanded }),
  };
}

/** Actions of which requests are looked for where the decision itself found neither a proof nor a request. */
const MAX_ACTIONS = 20;

/**
 * A request with one of the actions that the side names, and with the same values for policy variables. For one action, less is to be
 * decided. A decision with less effort tries none.
 */
function orOfAction(
  answer: Answer,
  one: Side,
  other: Side,
  { steps, actions, expanded }: Required<DecisionOptions> & { readonly expanded: Expander },
): Answer {
  const isTried = answer.kind === "not-comparable" && steps >= DEFAULT_STEPS;
  const filled = isTried ? withoutVariables(one, other) : undefined;
  const [readOne, readOther] = filled
    ? [readSide("after", filled.one, expanded), readSide("before", filled.other, expanded)]
    : [];
  if (filled === undefined || readOne === undefined || readOther === undefined || "reason" in readOne || "reason" in readOther) {
    return answer;
  }
  const question = { one: readOne, other: readOther, isNew: newIn(readOne, readOther, REACHES), actions, steps };
  const parts = namedActions(question).map((action) => ({ action, context: filled.values }));
  const request = requestWith(parts, question, steps);
  return request === undefined ? answer : newRequest(request, question, filled.values);
}

/** Actions that match patterns of a side, those of statements that the other side does not have first. */
function namedActions({ one, other }: Question): readonly string[] {
  const known = new Set(other.flat().map(statementText));
  const isKnown = (statement: Statement) => known.has(statementText(statement));
  const allows = one.flat().filter(({ effect }) => effect === "Allow");
  const guards = [...allows.filter((each) => !isKnown(each)), ...allows.filter(isKnown)].flatMap((statement) => statement.guards);
  const patterns = guards.flatMap((guard) => (guard.kind === "action" && !guard.negated ? guard.patterns : ["example:action"]));
  const actions = patterns.map((pattern) => (pattern === "*" ? "example:action" : pattern.replaceAll(/[*?]+/g, "x")));
  return [...new Set(actions)].slice(0, MAX_ACTIONS);
}

/** The first request with one of the parts that is new; undefined if there is none, or if it takes too long to find. */
function requestWith(parts: Iterable<KnownPart>, { one, other, isNew }: Question, steps: number): DecisionRequest | undefined {
  const budget = new Budget(steps);
  return withinBudget(() => {
    for (const part of parts) {
      const [narrow, wide] = [remaining(one, part, budget), remaining(other, part, budget)];
      for (const space of spacesOf([...narrow, ...wide].flat(), REACHES.slice(0, 1), budget)) {
        for (const request of counterexamples(space, casesOf(space, narrow, wide), budget)) {
          const known = { ...request, ...part, context: { ...request.context, ...part.context } };
          if (isNew(known, budget)) {
            return known;
          }
        }
      }
    }
    return undefined;
  });
}

type IsNew = (request: DecisionRequest, budget: Budget) => boolean;

/** A function that evaluates whether the one side allows a request and the other one does not. */
function newIn(one: Policies, other: Policies, reaches: readonly Reach[]): IsNew {
  return (request, budget) =>
    reaches.every(
      (reach) => isAllowed(one, request, reach, budget) === true && isAllowed(other, request, reach, budget) === false,
    );
}

function always(answer: Answer): Comparison {
  return { added: () => answer, removed: () => answer };
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

/** What one side allows more than the other one. */
interface Question extends Required<DecisionOptions> {
  readonly one: Policies;
  readonly other: Policies;
  readonly isNew: IsNew;
}

type Basis = ReturnType<typeof basisOf>;

/** What a decision is based on in both directions, and what that leaves of the effort. */
function basisOf(statements: readonly Statement[], steps: number) {
  const budget = new Budget(steps);
  const reaches = distinctReaches(statements);
  const spaces = spacesOf(statements, reaches, budget);
  return { reaches, spaces, left: budget.left };
}

function decideRead(question: Question, { spaces, left }: Basis): Answer {
  const budget = new Budget(left);
  const all = spaces.map((space) => ({ space, cases: casesOf(space, question.one, question.other) }));
  for (const { space, cases } of all) {
    for (const request of counterexamples(space, cases, budget)) {
      if (question.isNew(request, budget)) {
        return newRequest(request, question);
      }
    }
  }
  for (const { space, cases } of all) {
    const doubt = findDoubt(space, cases, budget);
    if (doubt !== undefined) {
      return doubt;
    }
  }
  return { kind: "nothing-new" };
}

/**
 * A new request as evidence: with an action that exists, and without the keys that make no difference.
 * @param variables values of policy variables, which stay
 */
function newRequest(request: DecisionRequest, question: Question, variables: DecisionRequest["context"] = {}): Answer {
  const { isNew, steps } = question;
  let least = withKnownAction(request, question);
  const budget = new Budget(steps / 4);
  withinBudget(() => {
    for (const key of Object.keys(least.context).filter((name) => !Object.hasOwn(variables, name))) {
      const { [key]: _, ...context } = least.context;
      least = isNew({ ...least, context }, budget) ? { ...least, context } : least;
    }
  });
  return { kind: "new-request", request: least };
}

/** The same request with an action that exists, of its service if the actions of that are known. */
function withKnownAction(request: DecisionRequest, { isNew, actions, steps }: Question): DecisionRequest {
  const all = Object.entries(actions).flatMap(([service, names]) => names.map((name) => `${service}:${name}`));
  const [service = ""] = request.action.toLowerCase().split(":");
  const known = Object.hasOwn(actions, service) ? all.filter((action) => action.startsWith(`${service}:`)) : all;
  const budget = new Budget(steps / 4);
  const isBetter = (action: string) => isNew({ ...request, action }, budget);
  const exists = known.some((action) => action.toLowerCase() === request.action.toLowerCase());
  return { ...request, action: (exists ? undefined : withinBudget(() => known.find(isBetter))) ?? request.action };
}

/** Of reaches that are the same for all resources of the statements, one. */
function distinctReaches(statements: readonly Statement[]): readonly Reach[] {
  const guards = statements.flatMap((statement) => statement.guards);
  const patterns = new Set(guards.flatMap((guard) => (guard.kind === "resource" ? guard.patterns : [])));
  const wild = [...patterns].filter((pattern) => /[*?]/.test(pattern));
  const meaning = (text: string, reach: Reach) =>
    resource(text, reach).map((symbol) => symbol.kind !== "literal" && symbol.colon);
  const byMeaning = new Map(REACHES.map((reach) => [wild.map((text) => meaning(text, reach)).join(), reach]));
  return [...byMeaning.values()];
}
