import { type AccessLevel, type AwsAction, actionsMatching, seriousness } from "./actions";
import { Budget } from "./budget";
import { basisOf, decidePart, isNothingNew, readSides } from "./decide";
import { RESOURCES } from "./dimensions";
import { like, literal, matches } from "./glob";
import type { Answer, DecisionRequest, Guard, Side, Statement } from "./model";
import type { PatternSet } from "./partition";
import { Divided, isOfAction, type Part, type Sides } from "./parts";

/** A request that AWS can receive, that one side allows and the other one does not. */
export interface Example {
  readonly request: DecisionRequest;
  readonly level: AccessLevel;
  /** Whether it was decided of each action of a higher access level that nothing is new. */
  readonly isWorst: boolean;
}

/** Steps for all examples of a comparison. */
const STEPS = 500_000;

/** ARNs that are tried for one action. */
const MAX_ARNS = 40;

const NAME = "example";

/**
 * A request that AWS can receive, and that one side allows and the other one does not: an existing
 * action of the most serious access level on an ARN of its type, evaluated on both sides. Undefined
 * if none is found.
 */
export function exampleOf(after: Side, before: Side): Example | undefined {
  const sides = readSides(after, before);
  if ("kind" in sides) {
    return undefined;
  }
  const budget = new Budget(STEPS);
  const divided = new Divided(sides);
  const answers = new Answers(sides, budget);
  let unsure: AccessLevel | undefined;
  for (const action of budget.attempt(0.5, (half) => candidatesOf(sides, half)) ?? []) {
    const part = budget.attempt(0.5, (half) => divided.of(action.action.toLowerCase(), half));
    const kind = part === undefined ? "not-comparable" : answers.kindOf(part, RESOURCES, "any");
    if (kind === "nothing-new") {
      continue;
    }
    const request = part && kind === "new-request" ? answers.requestOf(part, action) : undefined;
    if (request !== undefined) {
      const { level } = action;
      return {
        request: { ...request, action: action.action },
        level,
        isWorst: (unsure ?? level) === level,
      };
    }
    unsure ??= action.level;
  }
  return undefined;
}

/** Many actions have the same statements, and so the same answer. */
class Answers {
  readonly #sides: Sides;
  readonly #budget: Budget;
  readonly #known = new Map<string, Answer | undefined>();
  readonly #numbers = new Map<string, number>();

  constructor(sides: Sides, budget: Budget) {
    this.#sides = sides;
    this.#budget = budget;
  }

  kindOf(part: Part, universe: PatternSet, name: string): Answer["kind"] {
    return this.#answer(part, universe, name)?.kind ?? "not-comparable";
  }

  /** A request on an ARN of a type of the action: a readable one, else any. */
  requestOf(part: Part, action: AwsAction): DecisionRequest | undefined {
    const guards = [...part.after, ...part.before].flat().flatMap((statement) => statement.guards);
    const environment = environmentOf(guards);
    const patterns = patternsIn(guards);
    const arns =
      this.#budget.attempt(0.25, (share) => arnsOf(action, patterns, environment, share)) ?? [];
    const forms = (action.arns ?? []).map((form) => filled(form, environment, "?*"));
    const universes = [arns.map((arn) => literal(arn)), forms.map((form) => like(form))];
    for (const [at, universe] of universes.entries()) {
      const answer = this.#answer(part, universe, `${at} ${arns.join()}`);
      if (answer?.kind === "new-request") {
        return answer.request;
      }
    }
    return undefined;
  }

  #answer(part: Part, universe: PatternSet, name: string): Answer | undefined {
    if (isNothingNew(part)) {
      return { kind: "nothing-new" };
    }
    const groups = [...part.after, ["/"], ...part.before];
    const key = `${name} ${groups.map((group) => this.#numbersOf(group)).join(";")}`;
    if (!this.#known.has(key)) {
      this.#known.set(
        key,
        this.#budget.attempt(0.25, (share) =>
          decidePart(this.#sides, part, basisOf(part, universe, share), share),
        ),
      );
    }
    return this.#known.get(key);
  }

  #numbersOf(group: readonly (Statement | string)[]): string {
    return group
      .map((statement) =>
        this.#numberOf(typeof statement === "string" ? statement : statement.text),
      )
      .join();
  }

  #numberOf(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }
}

/** The most serious actions first. */
function candidatesOf({ after }: Sides, budget: Budget): readonly AwsAction[] {
  const tests = after
    .flat()
    .flatMap(({ effect, guards }) => (effect === "Allow" ? guards.filter(isOfAction) : []));
  const patterns = new Set(tests.flatMap((test) => (test.negated ? ["*"] : test.patterns)));
  const found = (patterns.has("*") ? ["*"] : [...patterns]).flatMap((pattern) =>
    actionsMatching(pattern, budget),
  );
  return [...new Map(found.map((action) => [action.action, action])).values()].toSorted(
    (one, other) => seriousness(one) - seriousness(other) || (one.action < other.action ? -1 : 1),
  );
}

/**
 * Whole ARNs of the types of an action, with what the statements name; `*` for an action that
 * applies to no resource.
 */
function arnsOf(
  { arns }: AwsAction,
  patterns: readonly string[],
  environment: Environment,
  budget: Budget,
): readonly string[] {
  const named = patterns.map((pattern) => withoutWildcards(pattern, environment));
  if (arns === undefined) {
    return named.slice(0, MAX_ARNS);
  }
  if (arns.length === 0) {
    return ["*"];
  }
  const forms = arns.flatMap((form) => {
    const pattern = like(filled(form, {}, "?*"));
    return [
      filled(form, environment, NAME).replaceAll("*", NAME),
      ...named.filter((arn) => matches(pattern, arn, budget)),
    ];
  });
  return [...new Set(forms)].slice(0, MAX_ARNS);
}

/**
 * The form of an ARN with values.
 * @param other for what the environment does not have
 */
function filled(form: string, environment: Environment, other: string): string {
  return form.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => environment[name] ?? other);
}

function patternsIn(guards: readonly Guard[]): readonly string[] {
  return [...new Set(guards.flatMap((guard) => (guard.kind === "resource" ? guard.patterns : [])))];
}

type Environment = Readonly<Record<string, string>>;

/** From the statements, else those of AWS's documentation. */
function environmentOf(guards: readonly Guard[]): Environment {
  const components = patternsIn(guards).map((pattern) => pattern.split(":"));
  const first = (at: number, form: RegExp) =>
    components.map((each) => each[at] ?? "").find((text) => form.test(text));
  const requested = guards.flatMap((guard) =>
    guard.kind === "condition" && guard.key === "aws:requestedregion" ? guard.values : [],
  );
  return {
    Partition: first(1, /^aws[a-z-]*$/) ?? "aws",
    Region: [...requested, first(3, REGION) ?? ""].find((text) => REGION.test(text)) ?? "us-east-1",
    Account: first(4, /^\d{12}$/) ?? "123456789012",
  };
}

const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d$/;

/** `*` alone stays. */
function withoutWildcards(pattern: string, { Partition, Region, Account }: Environment): string {
  if (pattern === "*") {
    return pattern;
  }
  const values = ["arn", Partition, NAME, Region, Account];
  const named = (text: string, at: number) =>
    /[*?]/.test(text) ? (values[at] ?? text.replaceAll(/[*?]+/g, NAME)) : text;
  return pattern.split(":").map(named).join(":");
}
