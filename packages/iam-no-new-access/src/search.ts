import type { Budget } from "./budget";
import type { Conjunction, Dimension, Domain, Literal } from "./dimensions";

/** What requests may have in each dimension. */
export type RequestSet = readonly Domain[];

interface Search {
  readonly dimensions: readonly Dimension[];
  /**
   * Whether the requests must match for certain. Then no test that is not interpreted may decide,
   * and no operator for single values on a key with several. Otherwise such a test may have either
   * result, and such an operator does not match.
   */
  readonly certain: boolean;
  readonly budget: Budget;
}

/**
 * Finds requests that match a statement of each group and none of the others: one set for each
 * choice of statements that has one.
 *
 * A statement that must match narrows each dimension that it tests. One that must not match leaves
 * a choice which of its tests fails. Statements with one choice are settled first; then the one
 * with the fewest choices is split.
 * @throws BudgetExceeded if there are too many choices
 */
export function* findMatches(
  search: Search,
  requests: RequestSet,
  [group, ...groups]: readonly (readonly Conjunction[])[],
  others: readonly Conjunction[],
): Generator<{ readonly requests: RequestSet; readonly matching: readonly Conjunction[] }> {
  if (group === undefined) {
    const found = avoid(
      search,
      requests,
      others.map(({ literals }) => literals),
    );
    if (found !== undefined) {
      yield { requests: found, matching: [] };
    }
    return;
  }
  for (const conjunction of group) {
    const matched = conjunction.literals.reduce<RequestSet | undefined>(
      (narrowed, literal) => narrowed && narrow(search, narrowed, literal, "holds"),
      requests,
    );
    if (matched !== undefined) {
      for (const found of findMatches(search, matched, groups, others)) {
        yield { ...found, matching: [conjunction, ...found.matching] };
      }
    }
  }
}

/**
 * Finds a part of a set of requests that matches none of the statements, which are given by their
 * tests.
 */
function avoid(
  search: Search,
  start: RequestSet,
  statements: readonly (readonly Literal[])[],
): RequestSet | undefined {
  let requests = start;
  let open = statements;
  for (let settled = false; !settled; ) {
    settled = true;
    const left: (readonly Literal[])[] = [];
    for (const literals of open) {
      const choices = literals.filter(
        (literal) => narrow(search, requests, literal, "fails") !== undefined,
      );
      const [only, ...more] = choices;
      if (literals.some((literal) => narrow(search, requests, literal, "may hold") === undefined)) {
        continue;
      }
      if (only === undefined) {
        return undefined;
      }
      if (more.length === 0) {
        requests = narrow(search, requests, only, "fails") ?? requests;
        settled = false;
      } else {
        left.push(choices);
      }
    }
    open = left;
  }
  const [first, ...rest] = open.toSorted((one, other) => one.length - other.length);
  return first === undefined ? requests : split(search, requests, first, rest);
}

/** Tries each test of a statement as the first one that fails. */
function split(
  search: Search,
  start: RequestSet,
  choices: readonly Literal[],
  rest: readonly (readonly Literal[])[],
): RequestSet | undefined {
  let requests: RequestSet | undefined = start;
  for (const literal of choices) {
    const failed = requests && narrow(search, requests, literal, "fails");
    const found = failed && avoid(search, failed, rest);
    if (found !== undefined) {
      return found;
    }
    requests = requests && narrow(search, requests, literal, "may hold");
  }
  return undefined;
}

/**
 * The part of a set of requests in which a test holds or fails for certain, or may hold; undefined
 * if there is none.
 */
function narrow(
  { dimensions, certain, budget }: Search,
  requests: RequestSet,
  { atom, holds }: Literal,
  result: "holds" | "fails" | "may hold",
): RequestSet | undefined {
  budget.spend(
    1 + (requests.length / 256) ** 2 + (dimensions[atom.dimension]?.witnesses.length ?? 0) / 2048,
  );
  const domain = requests[atom.dimension];
  if (domain === undefined) {
    return undefined;
  }
  if (certain && dimensions[atom.dimension]?.opaque) {
    return result === "may hold" ? requests : undefined;
  }
  const truth = holds === (result !== "fails");
  const certainList = result === "may hold" ? domain.list : undefined;
  const narrowed: Domain = {
    absent: domain.absent && atom.absent === truth,
    single: domain.single & (truth ? atom.mask : ~atom.mask),
    list:
      atom.set === "single" && certain
        ? certainList
        : domain.list && narrowList(domain.list, atom.set, atom.mask, truth),
  };
  const isEmpty = !narrowed.absent && narrowed.single === 0n && narrowed.list === undefined;
  return isEmpty ? undefined : requests.with(atom.dimension, narrowed);
}

type List = NonNullable<Domain["list"]>;

function narrowList(
  list: List,
  set: "single" | "all" | "any",
  mask: bigint,
  truth: boolean,
): List | undefined {
  // AWS: "Multivalued context keys require a condition set operator." Without one, a condition on
  // several values does not match.
  if (set === "single") {
    return truth ? undefined : list;
  }
  // All match, or any: what is not so of all is the opposite of any.
  const narrowed =
    (set === "all") === truth
      ? { ...list, members: list.members & (truth ? mask : ~mask) }
      : { ...list, some: [...list.some, truth ? mask : ~mask] };
  return narrowed.members !== 0n && narrowed.some.every((some) => (some & narrowed.members) !== 0n)
    ? narrowed
    : undefined;
}
