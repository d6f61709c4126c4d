import { Budget, withinBudget } from "./budget";
import { type Case, casesOf, groupsOf, hasNothingNew } from "./cases";
import { counterexamples, type Example, findDoubt, setsOf, wholeSpace } from "./counterexamples";
import { type Space, spacesOf } from "./dimensions";
import { isAllowed } from "./evaluate";
import { REACHES, type Reach, resource } from "./glob";
import { guesses, withoutVariables } from "./guesses";
import type { KnownActions } from "./known-actions";
import type { Answer, DecisionRequest, Policies, Side, Statement } from "./model";
import { readSide, type Unreadable } from "./read";

export interface ComparisonOptions {
  /** Limit of the effort in steps; a thousand steps take up to 0.6 ms. @default DEFAULT_STEPS */
  readonly steps?: number;
  /**
   * The actions of AWS services. A pattern that matches few of them stands for these: `ec2:*KeyPair` is the same as the three actions that
   * exist, and a counterexample has an action that exists where one shows the difference. @default any action may exist
   */
  readonly actions?: KnownActions;
}

export interface DecisionOptions extends ComparisonOptions {
  /**
   * Requests that exist in AWS. A counterexample is one of them if possible. The decision itself takes every action with every resource
   * and every context key, so that a counterexample may be one that no AWS service ever asks. @default none
   */
  readonly examples?: readonly Example[];
}

/**
 * The effort after which a decision ends as "not-comparable", unless a guessed request shows a difference. Measured: at most 420 ms of CPU
 * time for both directions, on each of AWS's 1,485 managed policies. Two policies of this project take about 20,000 steps.
 */
export const DEFAULT_STEPS = 250_000;

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
export function decide(after: Side, before: Side, { examples, ...options }: DecisionOptions = {}): Answer {
  return comparisonOf(after, before, options).added(examples);
}

/** Two sides, to be decided in one direction or both. */
export interface Comparison {
  /** Whether the side after the change allows a request that the one before does not. */
  readonly added: (examples?: readonly Example[]) => Answer;
  /** The reverse. */
  readonly removed: () => Answer;
}

/** Prepares the decision, which takes most of the effort and is the same in both directions. */
export function comparisonOf(after: Side, before: Side, options: ComparisonOptions = {}): Comparison {
  const { steps = DEFAULT_STEPS, actions = {} } = options;
  const [afterText, beforeText] = [JSON.stringify(after), JSON.stringify(before)];
  // The same policies allow the same, however much effort it took to prove.
  if (afterText === beforeText) {
    return always({ kind: "nothing-new" });
  }
  if (Math.max(afterText.length, beforeText.length) > MAX_CHARACTERS) {
    return always({ kind: "not-comparable", reason: "the policies are larger than AWS accepts" });
  }
  const [readAfter, readBefore] = [readSide("after", after, actions), readSide("before", before, actions)];
  if ("reason" in readAfter) {
    return always(unreadable(readAfter));
  }
  if ("reason" in readBefore) {
    return always(unreadable(readBefore));
  }
  let prepared: { readonly basis: Basis | undefined } | undefined;
  const decided = (one: Policies, other: Policies, examples: readonly Example[]): Answer => {
    if (hasNothingNew(one, other)) {
      return { kind: "nothing-new" };
    }
    prepared ??= { basis: withinBudget(() => basisOf([readAfter, readBefore], steps, actions)) };
    const { basis } = prepared;
    return (basis && withinBudget(() => decideRead(one, other, basis, examples))) ?? UNDECIDED;
  };
  // A decision with less effort guesses nothing.
  const guessed = steps < DEFAULT_STEPS ? (answer: Answer) => answer : orGuessed;
  return {
    added: (examples = []) => guessed(decided(readAfter, readBefore, examples), after, before, actions),
    removed: () => guessed(decided(readBefore, readAfter, []), before, after, actions),
  };
}

/** A request that was guessed and evaluated on both sides, where the decision itself found neither a proof nor a request. */
function orGuessed(answer: Answer, after: Side, before: Side, actions: KnownActions): Answer {
  const filled = answer.kind === "not-comparable" ? withoutVariables(after, before) : undefined;
  if (filled === undefined) {
    return answer;
  }
  const [one, other] = [readSide("after", filled.after, actions), readSide("before", filled.before, actions)];
  if ("reason" in one || "reason" in other) {
    return answer;
  }
  const isNew = newIn(one, other, REACHES);
  const budget = new Budget(DEFAULT_STEPS);
  const request = withinBudget(() => first(guesses(one, other, filled.values), (guess) => isNew(guess, budget)));
  return request === undefined ? answer : newRequest(request, { isNew, actions, steps: DEFAULT_STEPS }, filled.values);
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
  readonly reaches: readonly Reach[];
  readonly spaces: readonly Space[];
  readonly actions: KnownActions;
  /** Limit of the effort of all of a decision, and what the basis leaves of it. */
  readonly steps: number;
  readonly left: number;
}

function basisOf(sides: readonly Policies[], steps: number, actions: KnownActions): Basis {
  const budget = new Budget(steps);
  const statements = sides.flatMap(groupsOf).flat();
  const reaches = distinctReaches(statements);
  const spaces = spacesOf(statements, reaches, budget);
  return { reaches, spaces, actions, steps, left: budget.left };
}

function decideRead(
  one: Policies,
  other: Policies,
  { reaches, spaces, actions, steps, left }: Basis,
  examples: readonly Example[],
): Answer {
  const budget = new Budget(left);
  const questions = spaces.map((space) => ({ space, cases: casesOf(space, one, other) }));
  const isNew = newIn(one, other, reaches);
  for (const { space, cases } of questions) {
    const requests = counterexamples(space, cases, wholeSpace(space), budget);
    const request = first(requests, (each) => isNew(each, budget));
    if (request !== undefined) {
      const evidence = { isNew, actions, steps };
      return newRequest(knownRequest(space, cases, examples, evidence) ?? request, evidence);
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

/** What makes evidence of a request, each part with a quarter of the steps of a decision. */
interface Evidence {
  readonly isNew: IsNew;
  readonly actions: KnownActions;
  readonly steps: number;
}

/** A new request with the action and the resource of an example; undefined if there is none, or if it takes too long to find. */
function knownRequest(
  space: Space,
  cases: readonly Case[],
  examples: readonly Example[],
  { isNew, steps }: Evidence,
): DecisionRequest | undefined {
  const budget = new Budget(steps / 4);
  return withinBudget(() => {
    for (const { example, requests } of setsOf(space, examples, budget)) {
      for (const request of counterexamples(space, cases, [requests], budget)) {
        const known = { ...request, action: example.action, resource: example.resource };
        if (isNew(known, budget)) {
          return known;
        }
      }
    }
    return undefined;
  });
}

/**
 * A new request as evidence: with an action that exists, and without the keys that make no difference.
 * @param variables values of policy variables, which stay
 */
function newRequest(
  request: DecisionRequest,
  { isNew, actions, steps }: Evidence,
  variables: DecisionRequest["context"] = {},
): Answer {
  let least = withKnownAction(request, { isNew, actions, steps });
  const budget = new Budget(steps / 4);
  withinBudget(() => {
    for (const key of Object.keys(least.context).filter((name) => !Object.hasOwn(variables, name.toLowerCase()))) {
      const { [key]: _, ...context } = least.context;
      least = isNew({ ...least, context }, budget) ? { ...least, context } : least;
    }
  });
  return { kind: "new-request", request: least };
}

function withKnownAction(request: DecisionRequest, { isNew, actions, steps }: Evidence): DecisionRequest {
  const [service = "", name = ""] = request.action.toLowerCase().split(":");
  const known = Object.hasOwn(actions, service) ? (actions[service] ?? []) : [];
  if (known.some((action) => action.toLowerCase() === name)) {
    return request;
  }
  const requests = known.map((action) => ({ ...request, action: `${service}:${action}` }));
  const budget = new Budget(steps / 4);
  return withinBudget(() => first(requests, (each) => isNew(each, budget))) ?? request;
}

function first<Item>(items: Iterable<Item>, wanted: (item: Item) => boolean): Item | undefined {
  for (const item of items) {
    if (wanted(item)) {
      return item;
    }
  }
  return undefined;
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
