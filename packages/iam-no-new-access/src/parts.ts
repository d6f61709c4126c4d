import type { Budget } from "./budget";
import { type Glob, like, matches as matchesGlob } from "./glob";
import type { PatternGuard, Policies, Statement } from "./model";
import { type PatternSet, partition } from "./partition";
import { statementOf } from "./read";

/** Both sides of a comparison, or what applies to some actions there. */
export interface Sides {
  readonly after: Policies;
  readonly before: Policies;
}

/**
 * Actions to which the same statements apply, and these statements without their tests of the
 * action.
 */
export interface Part extends Sides {
  /** One of the actions, in lower case. */
  readonly action: string;
}

/** Names of actions, in lower case since IAM ignores case here. */
const CHARACTERS = [..."xyzabcdefghijklmnopqrstuvw0123456789-"]; // cspell:disable-line
const NAMES: PatternSet = [
  [
    { kind: "one", colon: false },
    { kind: "many", colon: false },
  ],
];

/** Actions of a test: names, and patterns by their service. */
interface Actions {
  readonly names: ReadonlySet<string>;
  readonly patterns: readonly { readonly text: string; readonly glob: Glob }[];
}

/**
 * Two sides, to be divided by actions. A request has one action, so that the actions to which the
 * same statements apply are decided alone, by these few statements.
 */
export class Divided {
  readonly #sides: Sides;
  readonly #statements: readonly Statement[];
  readonly #tests: ReadonlyMap<string, PatternGuard>;
  readonly #rests: ReadonlyMap<Statement, Statement>;
  readonly #actions: ReadonlyMap<string, Actions>;

  constructor(sides: Sides) {
    this.#sides = sides;
    this.#statements = [...sides.after, ...sides.before].flat();
    const tests = this.#statements.flatMap(({ guards }) => guards.filter(isOfAction));
    this.#tests = new Map(tests.map((test) => [test.text, test]));
    this.#rests = new Map(
      this.#statements.map((statement) => [statement, withoutAction(statement)]),
    );
    this.#actions = new Map(
      [...this.#tests].map(([text, { patterns }]) => [text, actionsIn(patterns)]),
    );
  }

  /**
   * All parts, those with the least statements first.
   * @throws BudgetExceeded if there are too many combinations of patterns
   */
  all(budget: Budget): readonly Part[] {
    const patterns = [...this.#tests.values()].flatMap((test) => test.patterns);
    const services = new Set(patterns.filter((pattern) => pattern !== "*").map(serviceOf));
    const other =
      [...CHARACTERS, ...CHARACTERS.map((char) => `x${char}`)].find(
        (name) => !services.has(name),
      ) ?? "x".repeat(65);
    const parts = [other, ...services].flatMap((service) => this.#ofService(service, budget));
    const sizes = new Map(parts.map((part) => [part, sizeOf(part)]));
    return parts.toSorted((one, other) => (sizes.get(one) ?? 0) - (sizes.get(other) ?? 0));
  }

  /** IAM accepts wildcards only behind the service. */
  #ofService(service: string, budget: Budget): readonly Part[] {
    const tests = [...this.#tests.values()];
    const sets = tests.map(({ patterns }) =>
      patterns.flatMap((pattern) => {
        const isNear = pattern === "*" || serviceOf(pattern) === service;
        return isNear ? [like(pattern.slice(pattern.indexOf(":") + 1))] : [];
      }),
    );
    const bits = new Map(tests.map(({ text }, at) => [text, 1n << BigInt(at)]));
    return partition(sets, NAMES, budget, CHARACTERS).map(({ matches, witness }) => {
      budget.spend(this.#statements.length / 32);
      return this.#part(
        `${service}:${witness}`,
        ({ text }) => ((bits.get(text) ?? 0n) & matches) !== 0n,
      );
    });
  }

  /**
   * The part of one action.
   * @param action in lower case
   * @throws BudgetExceeded if there are too many patterns
   */
  of(action: string, budget: Budget): Part {
    budget.spend(this.#tests.size / 32);
    const service = serviceOf(action);
    return this.#part(action, ({ text }) => {
      const { names, patterns } = this.#actions.get(text) ?? actionsIn([]);
      const isNear = (pattern: string) => pattern === "*" || serviceOf(pattern) === service;
      return (
        names.has(action) ||
        patterns.some((each) => isNear(each.text) && matchesGlob(each.glob, action, budget))
      );
    });
  }

  #part(action: string, isMatched: (test: PatternGuard) => boolean): Part {
    const applies = ({ guards }: Statement) =>
      guards.every((guard) => !isOfAction(guard) || isMatched(guard) !== guard.negated);
    const rest = (group: readonly Statement[]) =>
      distinct(group.filter(applies).map((each) => this.#rests.get(each) ?? each));
    return { action, after: this.#sides.after.map(rest), before: this.#sides.before.map(rest) };
  }
}

export function isOfAction(guard: Statement["guards"][number]): guard is PatternGuard {
  return guard.kind === "action";
}

function actionsIn(patterns: readonly string[]): Actions {
  const wild = patterns.filter((pattern) => /[*?]/.test(pattern));
  return { names: new Set(patterns), patterns: wild.map((text) => ({ text, glob: like(text) })) };
}

function serviceOf(pattern: string): string {
  return pattern.slice(0, pattern.indexOf(":"));
}

function withoutAction({ reference, effect, guards }: Statement): Statement {
  const rest = guards.filter((guard) => !isOfAction(guard));
  return statementOf(reference, effect, rest);
}

/** Of statements that say the same, one. */
function distinct(statements: readonly Statement[]): readonly Statement[] {
  return [...new Map(statements.map((statement) => [statement.text, statement])).values()];
}

function sizeOf({ after, before }: Sides): number {
  return [...after, ...before].flat().reduce((sum, { text }) => sum + text.length, 0);
}
