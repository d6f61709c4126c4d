import { Budget } from "./budget";
import { casesOf, counterexamples, findDoubt, hasNothingNew } from "./counterexamples";
import { RESOURCES, type Space, spacesOf } from "./dimensions";
import { isAllowed } from "./evaluate";
import { REACHES, type Reach, resource } from "./glob";
import type { Answer, DecisionRequest, Side, Statement } from "./model";
import type { PatternSet } from "./partition";
import { Divided, type Part, type Sides } from "./parts";
import { readSide } from "./read";

export interface DecisionOptions {
  /**
   * Limit of the effort in steps; a thousand steps take up to 0.6 ms.
   * @default DEFAULT_STEPS
   */
  readonly steps?: number;
}

/** The effort after which a decision ends as "not-comparable". */
const DEFAULT_STEPS = 250_000;

/**
 * More than AWS accepts: ten attached policies of 6,144 characters, and room for white space.
 * Source: IAM user guide, "IAM quotas".
 */
const MAX_CHARACTERS = 2 ** 17;

/**
 * Decides whether one side allows a request that the other one does not, for all requests at once.
 *
 * Sound: "nothing-new" is a proof, and "new-request" a request that was evaluated on both sides.
 * Decided are Action, NotAction, Resource, NotResource and the condition operators of
 * `operators.ts`. A statement with anything else (Principal, policy variables, other operators) is
 * a test without interpretation: the same test has the same result on both sides, and a difference
 * that depends on it is "not-comparable".
 *
 * Assumptions: both sides belong to the same principal, so that a policy variable has the same
 * value on both; a key that `operators.ts` lists as single-valued has at most one value; an
 * operator without `ForAllValues` or `ForAnyValue` does not match several values; requests name
 * resources by an ARN of six components or by `*`. Where AWS leaves open how far wildcards reach,
 * the answer holds in all ways (see `REACHES`). A Terraform reference to the account is a policy
 * variable here: replace it by a placeholder of 12 digits first.
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
  const read = readSides(after, before);
  if ("kind" in read) {
    return { added: () => read, removed: () => read };
  }
  const decision = new Decision(read, options.steps ?? DEFAULT_STEPS);
  return { added: () => decision.added(), removed: () => decision.removed() };
}

/** Both sides, or the answer if they need no decision or cannot be read. */
export function readSides(after: Side, before: Side): Sides | Answer {
  const [afterText, beforeText] = [JSON.stringify(after), JSON.stringify(before)];
  // The same policies allow the same, however much effort it took to prove.
  if (afterText === beforeText) {
    return { kind: "nothing-new" };
  }
  if (Math.max(afterText.length, beforeText.length) > MAX_CHARACTERS) {
    return { kind: "not-comparable", reason: "the policies are larger than AWS accepts" };
  }
  const [readAfter, readBefore] = [readSide("after", after), readSide("before", before)];
  if ("reason" in readAfter) {
    return { kind: "not-comparable", ...readAfter };
  }
  if ("reason" in readBefore) {
    return { kind: "not-comparable", ...readBefore };
  }
  return { after: readAfter, before: readBefore };
}

const UNDECIDED: Answer = {
  kind: "not-comparable",
  reason: "the policies have too many combinations of patterns to compare",
};

/** What the answers about one part are based on. */
interface Basis {
  readonly reaches: readonly Reach[];
  readonly spaces: readonly Space[];
}

/** Decides part by part. */
export class Decision {
  readonly #sides: Sides;
  readonly #parts: readonly Part[] | undefined;
  /** The same in both directions; undefined if it takes too much effort. */
  readonly #bases = new Map<string, Basis | undefined>();
  readonly #left: number;

  constructor(sides: Sides, steps: number) {
    const budget = new Budget(steps);
    this.#sides = sides;
    this.#parts =
      isNothingNew(sides) && isNothingNew(reversed(sides))
        ? []
        : budget.attempt(1, (all) => new Divided(sides).all(all));
    this.#left = budget.left;
  }

  added(): Answer {
    return this.#decide(this.#sides, this.#parts);
  }

  removed(): Answer {
    return this.#decide(
      reversed(this.#sides),
      this.#parts?.map((part) => ({ ...part, ...reversed(part) })),
    );
  }

  #decide(sides: Sides, parts: readonly Part[] | undefined): Answer {
    if (isNothingNew(sides)) {
      return { kind: "nothing-new" };
    }
    const budget = new Budget(this.#left);
    let doubt: Answer | undefined = parts === undefined ? UNDECIDED : undefined;
    for (const part of (parts ?? []).filter((each) => !isNothingNew(each))) {
      const answer = this.#decidePart(sides, part, budget);
      if (answer.kind === "new-request") {
        return answer;
      }
      if (answer.kind === "not-comparable" && (doubt === undefined || doubt === UNDECIDED)) {
        doubt = answer;
      }
    }
    return doubt ?? { kind: "nothing-new" };
  }

  /**
   * No part takes more than half of the remaining effort, so that one which takes too much leaves
   * some for the others.
   */
  #decidePart(sides: Sides, part: Part, budget: Budget): Answer {
    const { action } = part;
    if (!this.#bases.has(action)) {
      this.#bases.set(
        action,
        budget.attempt(0.5, (half) => basisOf(part, RESOURCES, half)),
      );
    }
    const basis = this.#bases.get(action);
    return (
      (basis && budget.attempt(0.5, (half) => decidePart(sides, part, basis, half))) ?? UNDECIDED
    );
  }
}

function reversed<Both extends Sides>({ after, before }: Both): Sides {
  return { after: before, before: after };
}

export function isNothingNew({ after, before }: Sides): boolean {
  return hasNothingNew(after, before);
}

/** @param universe the resources of the requests */
export function basisOf(
  { action, after, before }: Part,
  universe: PatternSet,
  budget: Budget,
): Basis {
  const statements = [...after, ...before].flat();
  const reaches = distinctReaches(statements, budget);
  return { reaches, spaces: spacesOf(statements, action, reaches, universe, budget) };
}

/**
 * What the side after the change allows more in a part.
 * @param sides by which each counterexample is evaluated again
 */
export function decidePart(
  sides: Sides,
  { after, before }: Part,
  { reaches, spaces }: Basis,
  budget: Budget,
): Answer {
  const isNew = (request: DecisionRequest) =>
    reaches.every(
      (reach) =>
        isAllowed(sides.after, request, reach, budget) === true &&
        isAllowed(sides.before, request, reach, budget) === false,
    );
  const all = spaces.map((space) => ({ space, cases: casesOf(space, after, before) }));
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
function distinctReaches(statements: readonly Statement[], budget: Budget): readonly Reach[] {
  const guards = statements.flatMap((statement) => statement.guards);
  const patterns = new Set(
    guards.flatMap((guard) => (guard.kind === "resource" ? guard.patterns : [])),
  );
  const wild = [...patterns].filter((pattern) => /[*?]/.test(pattern));
  budget.spend(wild.join("").length / 4);
  const meaning = (text: string, reach: Reach) =>
    resource(text, reach).map((symbol) => symbol.kind !== "literal" && symbol.colon);
  const byMeaning = new Map(
    REACHES.map((reach) => [wild.map((text) => meaning(text, reach)).join(), reach]),
  );
  return [...byMeaning.values()];
}
