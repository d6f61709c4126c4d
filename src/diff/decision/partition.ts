import { type Budget, BudgetExceeded } from "./budget";
import type { Glob, GlobSymbol } from "./glob";

/** Strings that the same sets of patterns match. */
export interface StringClass {
  /** Bit n is set if set n of the patterns matches the strings of the class. */
  readonly matches: bigint;
  /** A shortest string of the class. */
  readonly witness: string;
}

/** A set of patterns; a string is in it if one of them matches. */
export type PatternSet = readonly Glob[];

/**
 * Partitions all strings of a universe by the sets of patterns that match them. Exact: every class is listed, with a string in it.
 *
 * Walks the product of the patterns' automata (their positions) breadth first. In each state only the characters at the current positions
 * can matter, and one more that stands for all others.
 * @param alphabet the characters that strings consist of beside the colon; any character if undefined
 * @throws BudgetExceeded if the patterns have too many combinations
 */
export function partition(
  sets: readonly PatternSet[],
  universe: PatternSet,
  budget: Budget,
  alphabet?: readonly string[],
): readonly StringClass[] {
  const automaton = compile([...sets, universe]);
  const universeBit = 1n << BigInt(sets.length);
  const classes = new Map<bigint, string>();
  const start = automaton.start;
  const seen = new Set([keyOf(start)]);
  let level: readonly (readonly [state: readonly number[], witness: string])[] = [[start, ""]];
  while (level.length > 0) {
    const next: (readonly [readonly number[], string])[] = [];
    for (const [state, witness] of level) {
      const accepted = automaton.accepts(state);
      if ((accepted & universeBit) !== 0n && !classes.has(accepted)) {
        classes.set(accepted, witness);
      }
      for (const [char, following] of automaton.successors(state, alphabet)) {
        budget.spend(1 + (state.length >> 2));
        const key = keyOf(following);
        if (!seen.has(key) && automaton.isAlive(following)) {
          seen.add(key);
          next.push([following, witness + char]);
        }
      }
    }
    level = next;
  }
  return [...classes].map(([accepted, witness]) => ({ matches: accepted & (universeBit - 1n), witness }));
}

/** A state as a short string, one character for each position. */
function keyOf(state: readonly number[]): string {
  return String.fromCharCode(...state);
}

/** A function that returns which sets of patterns match a string. */
export function matcher(sets: readonly PatternSet[]): (text: string) => bigint {
  const automaton = compile(sets);
  return (text) => automaton.accepts([...text].reduce((state, char) => automaton.step(state, char), automaton.start));
}

/** Sets of patterns as one automaton. A state is a sorted list of positions; positions of all patterns are numbered through. */
interface Automaton {
  readonly start: readonly number[];
  readonly step: (state: readonly number[], char: string) => readonly number[];
  readonly accepts: (state: readonly number[]) => bigint;
  /** Whether the last set, the universe, can still match. */
  readonly isAlive: (state: readonly number[]) => boolean;
  /** The states after each character that can matter; the last one but the colon stands for all characters that are not listed. */
  readonly successors: (
    state: readonly number[],
    alphabet: readonly string[] | undefined,
  ) => Iterable<readonly [char: string, following: readonly number[]]>;
}

interface Position {
  readonly set: number;
  /** Undefined at the end of a pattern. */
  readonly symbol: GlobSymbol | undefined;
  /** Everything that begins here matches, whatever follows. */
  readonly universal: boolean;
  /** The bit of the set if a string may end here, 0 otherSide. */
  readonly accepted: bigint;
}

/** Positions are characters of a key, below the surrogates, so that keys are unambiguous. */
const MAX_POSITIONS = 0xd000;

/** @throws BudgetExceeded if the patterns are too long */
function compile(sets: readonly PatternSet[]): Automaton {
  const globs = sets.flatMap((patterns, set) => patterns.map((glob) => ({ set, glob })));
  const positions = globs.flatMap(({ set, glob }) => positionsOf(glob, set));
  const starts: number[] = [];
  let length = 0;
  for (const { glob } of globs) {
    starts.push(length);
    length += glob.length + 1;
  }
  if (length > MAX_POSITIONS) {
    throw new BudgetExceeded();
  }
  const close = closure(positions, sets.length);
  const last = sets.length - 1;
  return {
    start: close(starts),
    step: (state, char) => {
      const following: number[] = [];
      for (const position of state) {
        const symbol = positions[position]?.symbol;
        if (symbol !== undefined && takes(symbol, char)) {
          following.push(symbol.kind === "many" ? position : position + 1);
        }
      }
      return close(following);
    },
    accepts: (state) => {
      let bits = 0n;
      for (const at of state) {
        const accepted = positions[at]?.accepted ?? 0n;
        bits = accepted === 0n ? bits : bits | accepted;
      }
      return bits;
    },
    isAlive: (state) => state.some((at) => positions[at]?.set === last),
    *successors(state, alphabet) {
      const { literals, any, colon } = movesOf(positions, state);
      for (const char of charactersOf(literals, alphabet)) {
        yield [char, close(merged(literals.get(char) ?? [], char === ":" ? colon : any))];
      }
    },
  };
}

/** Two sorted lists as one. */
function merged(one: readonly number[], other: readonly number[]): readonly number[] {
  if (one.length === 0 || other.length === 0) {
    return one.length === 0 ? other : one;
  }
  return [...one, ...other].sort((a, b) => a - b);
}

interface Moves {
  /** Positions after a literal character, by character. */
  readonly literals: ReadonlyMap<string, readonly number[]>;
  /** Positions after a wildcard that took any character but the colon, and after one that took the colon. */
  readonly any: readonly number[];
  readonly colon: readonly number[];
}

function movesOf(positions: readonly Position[], state: readonly number[]): Moves {
  const literals = new Map<string, number[]>();
  const [any, colon]: [number[], number[]] = [[], []];
  const add = (char: string, position: number) => {
    const known = literals.get(char);
    if (known === undefined) {
      literals.set(char, [position]);
    } else {
      known.push(position);
    }
  };
  for (const at of state) {
    const symbol = positions[at]?.symbol;
    if (symbol?.kind === "literal") {
      for (const char of symbol.fold ? casesOf(symbol.char) : [symbol.char]) {
        add(char, at + 1);
      }
    } else if (symbol !== undefined) {
      const next = symbol.kind === "many" ? at : at + 1;
      any.push(next);
      if (symbol.colon) {
        colon.push(next);
      }
    }
  }
  return { literals, any, colon };
}

function casesOf(char: string): ReadonlySet<string> {
  return new Set([char, char.toLowerCase(), char.toUpperCase()]);
}

function positionsOf(glob: Glob, set: number): readonly Position[] {
  const bit = 1n << BigInt(set);
  const within = glob.map((symbol, at) => {
    const universal = at === glob.length - 1 && symbol.kind === "many" && symbol.colon;
    return { set, symbol, universal, accepted: universal ? bit : 0n };
  });
  return [...within, { set, symbol: undefined, universal: false, accepted: bit }];
}

/**
 * Adds what follows a `*`, and leaves of a set one position as soon as it matches whatever follows.
 *
 * The marks are reused between calls: this is the innermost loop of the decision.
 */
function closure(positions: readonly Position[], sets: number): (state: readonly number[]) => readonly number[] {
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
    const left = isSettled ? all.filter((at) => settled[positions[at]?.set ?? 0] !== call || positions[at]?.universal) : all;
    return isSorted ? left : left.sort((one, other) => one - other);
  };
}

function takes(symbol: GlobSymbol, char: string): boolean {
  if (symbol.kind !== "literal") {
    return symbol.colon || char !== ":";
  }
  return symbol.char === char || (symbol.fold && symbol.char.toLowerCase() === char.toLowerCase());
}

/** Preferred for "any other character", because they are valid in names and read well in a request. */
const OTHERS = [..."xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./"];

/** Characters after which states may differ: each stands for itself, the last one but the colon for all that are not listed. */
function charactersOf(literals: Moves["literals"], alphabet: readonly string[] | undefined): readonly string[] {
  const other =
    (alphabet ?? OTHERS).find((char) => !literals.has(char)) ?? (alphabet === undefined ? unlisted(literals) : undefined);
  const characters = [...literals.keys()].filter((char) => char !== ":" && (alphabet === undefined || alphabet.includes(char)));
  return other === undefined ? [...characters, ":"] : [...characters, other, ":"];
}

function unlisted(listed: ReadonlyMap<string, unknown>): string {
  const codes = Array.from({ length: listed.size + 1 }, (_, at) => String.fromCodePoint(0x4e00 + at));
  return codes.find((char) => !listed.has(char)) ?? "";
}
