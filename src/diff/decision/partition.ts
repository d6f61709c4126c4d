import type { Budget } from "./budget";
import type { Glob } from "./glob";

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
 * @param alphabet the characters that strings consist of; any character if undefined
 * @throws BudgetExceeded if the patterns have too many combinations
 */
export function partition(
  sets: readonly PatternSet[],
  universe: PatternSet,
  budget: Budget,
  alphabet?: string,
): readonly StringClass[] {
  const machine = compile([...sets, universe]);
  const universeBit = 1n << BigInt(sets.length);
  const classes = new Map<bigint, string>();
  const start = machine.start;
  const seen = new Set([start.join()]);
  let level: readonly (readonly [state: readonly number[], witness: string])[] = [[start, ""]];
  while (level.length > 0) {
    const next: (readonly [readonly number[], string])[] = [];
    for (const [state, witness] of level) {
      const accepted = machine.accepts(state);
      if ((accepted & universeBit) !== 0n && !classes.has(accepted)) {
        classes.set(accepted, witness);
      }
      for (const char of charactersOf(machine, state, alphabet)) {
        budget.spend(1 + (state.length >> 2));
        const following = machine.step(state, char);
        const key = following.join();
        if (!seen.has(key) && machine.isAlive(following)) {
          seen.add(key);
          next.push([following, witness + char]);
        }
      }
    }
    level = next;
  }
  return [...classes].map(([accepted, witness]) => ({ matches: accepted & (universeBit - 1n), witness }));
}

/** Which sets of patterns match a string. */
export function matchesOf(sets: readonly PatternSet[], text: string): bigint {
  const machine = compile(sets);
  return machine.accepts([...text].reduce((state, char) => machine.step(state, char), machine.start));
}

/** A set of patterns as one automaton. A state is a sorted list of positions; positions of all patterns are numbered through. */
interface Machine {
  readonly start: readonly number[];
  readonly step: (state: readonly number[], char: string) => readonly number[];
  readonly accepts: (state: readonly number[]) => bigint;
  /** Whether the last set, the universe, can still match. */
  readonly isAlive: (state: readonly number[]) => boolean;
  readonly positions: readonly Position[];
}

interface Position {
  readonly set: number;
  /** Undefined at the end of a pattern. */
  readonly symbol: Glob[number] | undefined;
  /** Everything that begins here matches, whatever follows. */
  readonly universal: boolean;
}

function compile(sets: readonly PatternSet[]): Machine {
  const positions: Position[] = [];
  const starts: number[] = [];
  for (const [set, globs] of sets.entries()) {
    for (const glob of globs) {
      starts.push(positions.length);
      for (const [at, symbol] of glob.entries()) {
        positions.push({ set, symbol, universal: at === glob.length - 1 && symbol.kind === "many" && symbol.colon });
      }
      positions.push({ set, symbol: undefined, universal: false });
    }
  }
  const last = sets.length - 1;
  const step = (state: readonly number[], char: string) => {
    const following: number[] = [];
    for (const position of state) {
      const symbol = positions[position]?.symbol;
      if (symbol !== undefined && takes(symbol, char)) {
        following.push(symbol.kind === "many" ? position : position + 1);
      }
    }
    return closure(positions, following);
  };
  return {
    start: closure(positions, starts),
    step,
    accepts: (state) =>
      state.reduce((bits, at) => {
        const position = positions[at];
        return position !== undefined && (position.universal || position.symbol === undefined)
          ? bits | (1n << BigInt(position.set))
          : bits;
      }, 0n),
    isAlive: (state) => state.some((at) => positions[at]?.set === last),
    positions,
  };
}

function takes(symbol: Glob[number], char: string): boolean {
  if (symbol.kind !== "literal") {
    return symbol.colon || char !== ":";
  }
  return symbol.char === char || (symbol.fold && symbol.char.toLowerCase() === char.toLowerCase());
}

/** Adds what follows a `*`, and leaves a set out but for one position as soon as it matches whatever follows. */
function closure(positions: readonly Position[], state: readonly number[]): readonly number[] {
  const all = new Set<number>();
  const settled = new Map<number, number>();
  for (const start of state) {
    for (let at = start; !all.has(at); at += 1) {
      all.add(at);
      const position = positions[at];
      if (position?.universal && !settled.has(position.set)) {
        settled.set(position.set, at);
      }
      if (position?.symbol?.kind !== "many") {
        break;
      }
    }
  }
  const kept = [...all].filter((at) => {
    const only = settled.get(positions[at]?.set ?? -1);
    return only === undefined || only === at;
  });
  return kept.sort((one, other) => one - other);
}

/** Preferred for "any other character", because they are valid in names and read well in a request. */
const OTHERS = "xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./";

/** Characters after which states may differ: each stands for itself, the last one but the colon for all that are not listed. */
function charactersOf({ positions }: Machine, state: readonly number[], alphabet: string | undefined): readonly string[] {
  const listed = new Set<string>();
  for (const at of state) {
    const symbol = positions[at]?.symbol;
    if (symbol?.kind === "literal") {
      listed.add(symbol.char);
      if (symbol.fold) {
        listed.add(symbol.char.toLowerCase()).add(symbol.char.toUpperCase());
      }
    }
  }
  listed.delete(":");
  const other =
    [...(alphabet ?? OTHERS)].find((char) => char !== ":" && !listed.has(char)) ??
    (alphabet === undefined ? unlisted(listed) : "");
  return [...listed, ...(other === "" ? [] : [other]), ":"].filter((char) => alphabet === undefined || alphabet.includes(char));
}

function unlisted(listed: ReadonlySet<string>): string {
  const codes = Array.from({ length: listed.size + 1 }, (_, at) => String.fromCodePoint(0x4e00 + at));
  return codes.find((char) => !listed.has(char)) ?? "";
}
