import { type Budget, BudgetExceeded } from "./budget";
import type { Glob, GlobSymbol } from "./glob";

/** A set of patterns; a string is in it if one of them matches. */
export type PatternSet = readonly Glob[];

/** Strings that the same sets of patterns match. */
interface StringClass {
  /** Bit n is set if set n of the patterns matches. */
  readonly matches: bigint;
  /** A shortest one of them. */
  readonly witness: string;
}

/**
 * Partitions all strings of a universe by the sets of patterns that match them. Exact: every class
 * is listed, with a string in it.
 *
 * Walks the product of the patterns' automata (their positions) breadth first. In each state only
 * the characters at the current positions can matter, and one more that stands for all others.
 * @param alphabet the characters that strings consist of, besides the colon; any character if
 * undefined
 * @throws BudgetExceeded if the patterns have too many combinations
 */
export function partition(
  sets: readonly PatternSet[],
  universe: PatternSet,
  budget: Budget,
  alphabet?: readonly string[],
): readonly StringClass[] {
  const automaton = compile([...sets, universe], budget, alphabet);
  const universeBit = 1n << BigInt(sets.length);
  // By the bits as text: a map of large numbers compares them one by one.
  const classes = new Map<string, string>();
  const start = automaton.start;
  const seen = new Set([keyOf(start)]);
  let level: readonly (readonly [state: readonly number[], witness: string])[] = [[start, ""]];
  while (level.length > 0) {
    const next: (readonly [readonly number[], string])[] = [];
    for (const [state, witness] of level) {
      if (automaton.isInLast(state)) {
        budget.spend((state.length * sets.length) / 4096);
        const accepted = automaton.accepts(state).toString(16);
        if (!classes.has(accepted)) {
          classes.set(accepted, witness);
        }
      }
      for (const [char, following] of automaton.successors(state)) {
        const key = automaton.isAlive(following) ? keyOf(following) : undefined;
        if (key !== undefined && !seen.has(key)) {
          seen.add(key);
          next.push([following, witness + char]);
        }
      }
    }
    level = next;
  }
  return [...classes].map(([accepted, witness]) => ({
    matches: BigInt(`0x${accepted}`) & (universeBit - 1n),
    witness,
  }));
}

/** A state as a short string, one character for each position. */
function keyOf(state: readonly number[]): string {
  return String.fromCharCode(...state);
}

interface Position {
  readonly set: number;
  /** Undefined at the end of a pattern. */
  readonly symbol: GlobSymbol | undefined;
  /** Everything that begins here matches, whatever follows. */
  readonly universal: boolean;
  /** The bit of the set if a string may end here, 0 otherwise. */
  readonly accepted: bigint;
}

/** Positions are characters of a key, below the surrogates, so that keys are unambiguous. */
const MAX_POSITIONS = 0xd000;

type State = readonly number[];

/**
 * Sets of patterns as one automaton. A state is a sorted list of positions; positions of all
 * patterns are numbered through.
 * @throws BudgetExceeded if the patterns are too long
 */
function compile(sets: readonly PatternSet[], budget: Budget, alphabet?: readonly string[]) {
  const positions: Position[] = [];
  const starts: number[] = [];
  // The positions of the last set are the last ones, and states are sorted.
  let firstOfLast = 0;
  for (const [set, patterns] of sets.entries()) {
    const bit = 1n << BigInt(set);
    firstOfLast = positions.length;
    for (const glob of patterns) {
      starts.push(positions.length);
      addPositions(positions, glob, set, bit);
    }
  }
  if (positions.length > MAX_POSITIONS) {
    throw new BudgetExceeded();
  }
  const close = closure(positions, sets.length);
  const letters = lettersAfter(alphabet);
  return {
    start: close(starts),
    accepts: (state: State) =>
      state.reduce((bits, at) => {
        const accepted = positions[at]?.accepted;
        return accepted ? bits | accepted : bits;
      }, 0n),
    /** Whether the last set, the universe, matches what has been read. */
    isInLast: (state: State) => {
      const last = state.findLast((at) => at < firstOfLast || positions[at]?.accepted !== 0n);
      return last !== undefined && last >= firstOfLast;
    },
    /** Whether the last set can still match. */
    isAlive: (state: State) => (state.at(-1) ?? -1) >= firstOfLast,
    /**
     * The states after each character that can matter; the last one but the colon stands for all
     * characters that are not listed.
     */
    successors: (state: State) => {
      const { literals, others, colon } = movesOf(positions, state);
      const characters = letters(literals);
      budget.spend(characters.length * (1 + (state.length >> 2)));
      return characters.map((char) => {
        const moved = char === ":" ? colon : others;
        const taken = literals.get(char);
        return [char, close(taken === undefined ? moved : [...taken, ...moved])] as const;
      });
    },
  };
}

/**
 * Positions after a literal, by character, after a wildcard that took any character but the colon,
 * and after one that took the colon.
 */
function movesOf(positions: readonly Position[], state: readonly number[]) {
  const literals = new Map<string, number[]>();
  const [others, colon]: [number[], number[]] = [[], []];
  for (const at of state) {
    const symbol = positions[at]?.symbol;
    if (symbol?.kind === "literal") {
      for (const char of symbol.fold
        ? [symbol.char.toLowerCase(), symbol.char.toUpperCase()]
        : [symbol.char]) {
        literals.set(char, [...(literals.get(char) ?? []), at + 1]);
      }
    } else if (symbol !== undefined) {
      const next = symbol.kind === "many" ? at : at + 1;
      others.push(next);
      if (symbol.colon) {
        colon.push(next);
      }
    }
  }
  return { literals, others, colon };
}

function addPositions(positions: Position[], glob: Glob, set: number, bit: bigint): void {
  for (const [at, symbol] of glob.entries()) {
    const universal = at === glob.length - 1 && symbol.kind === "many" && symbol.colon;
    positions.push({ set, symbol, universal, accepted: universal ? bit : 0n });
  }
  positions.push({ set, symbol: undefined, universal: false, accepted: bit });
}

/**
 * Adds what follows a `*`, and leaves of a set one position as soon as it matches whatever follows.
 *
 * The marks are reused between calls: this is the innermost loop of the decision.
 */
function closure(
  positions: readonly Position[],
  sets: number,
): (state: readonly number[]) => readonly number[] {
  const marks = new Uint32Array(positions.length);
  const settled = new Uint32Array(sets);
  let call = 0;
  return (state) => {
    call += 1;
    const all: number[] = [];
    let isSettled = false;
    let isSorted = true;
    for (const start of state) {
      for (let at = start; marks[at] !== call; at += 1) {
        const position = positions[at];
        marks[at] = call;
        if (position === undefined || settled[position.set] === call) {
          break;
        }
        if (position.universal) {
          settled[position.set] = call;
          isSettled = true;
        }
        isSorted = isSorted && at > (all.at(-1) ?? -1);
        all.push(at);
        if (position.symbol?.kind !== "many") {
          break;
        }
      }
    }
    const left = isSettled
      ? all.filter((at) => settled[positions[at]?.set ?? 0] !== call || positions[at]?.universal)
      : all;
    return isSorted ? left : left.sort((one, other) => one - other);
  };
}

/**
 * Preferred for "any other character", because they are valid in names and read well in a request.
 */
const OTHERS = [..."xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./"];

/**
 * A function that lists the characters after which states may differ. Each stands for itself, the
 * last one but the colon for all that are not listed.
 */
function lettersAfter(alphabet: readonly string[] | undefined) {
  const allowed = alphabet && new Set(alphabet);
  return (literals: ReadonlyMap<string, unknown>): readonly string[] => {
    const listed = [...literals.keys()].filter(
      (char) => char !== ":" && allowed?.has(char) !== false,
    );
    const other =
      (alphabet ?? OTHERS).find((char) => !literals.has(char)) ??
      (alphabet ? undefined : unlisted(literals));
    return [...listed, ...(other === undefined ? [] : [other]), ":"];
  };
}

function unlisted(listed: ReadonlyMap<string, unknown>): string {
  const codes = Array.from({ length: listed.size + 1 }, (_, at) =>
    String.fromCodePoint(0x4e00 + at),
  );
  return codes.find((char) => !listed.has(char)) ?? "";
}
