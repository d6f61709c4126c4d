import { Budget, withinBudget } from "./budget";
import { casesOf, counterexamples, findDoubt, hasNothingNew } from "./counterexamples";
import { spacesOf } from "./dimensions";
import { isAllowed } from "./evaluate";
import { REACHES, type Reach, resource } from "./glob";
import type { Answer, DecisionRequest, KnownActions, Policies, Side, Statement } from "./model";
import { expander, readSide } from "./read";

export interface DecisionOptions {
  /** Limit of the effort in steps; a thousand steps take up to 0.6 ms. @default DEFAULT_STEPS */
  readonly steps?: number;
  /**
   * The actions of AWS services. A pattern that matches few of them stands for these: `ec2:*KeyPair` is the same as the three actions that
   * exist. @default any action may exist
   */
  readonly actions?: KnownActions;
}

/**
 * The effort after which a decision ends as "not-comparable". Measured: at most 420 ms of CPU time for both directions, on each of AWS's
 * 1,485 managed policies. Two policies of this project take about 20,000 steps.
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
 * Assumptions: both sides belong to the same principal, so that a policy variable has the same value on both; a key that `operators.ts` lists
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
    return (basis && withinBudget(() => decideRead(one, other, basis))) ?? UNDECIDED;
  };
  return { added: () => decided(readAfter, readBefore), removed: () => decided(readBefore, readAfter) };
}

function always(answer: Answer): Comparison {
  return { added: () => answer, removed: () => answer };
}

const UNDECIDED: Answer = { kind: "not-comparable", reason: "the policies have too many combinations of patterns to compare" };

type Basis = ReturnType<typeof basisOf>;

/** What a decision is based on in both directions, and what that leaves of the effort. */
function basisOf(statements: readonly Statement[], steps: number) {
  const budget = new Budget(steps);
  const reaches = distinctReaches(statements);
  const spaces = spacesOf(statements, reaches, budget);
  return { reaches, spaces, left: budget.left };
}

/** What the one side allows more than the other one. */
function decideRead(one: Policies, other: Policies, { reaches, spaces, left }: Basis): Answer {
  const budget = new Budget(left);
  const isNew = (request: DecisionRequest) =>
    reaches.every(
      (reach) => isAllowed(one, request, reach, budget) === true && isAllowed(other, request, reach, budget) === false,
    );
  const all = spaces.map((space) => ({ space, cases: casesOf(space, one, other) }));
  for (const { space, cases } of all) {
    for (const request of counterexamples(space, cases, budget)) {
      if (isNew(request)) {
        return { kind: "new-request", request };
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
