import { parse } from "yaml";

/** A fact about another system: `docs/reference/facts.yaml`. */
interface Fact {
  readonly claim: string;
  readonly source: string;
  /** 2026-11-29. */
  readonly read: string;
  /** Words of the source that show the claim. */
  readonly quote: string;
}

const MAX_DAYS = 90;

/** The facts of the file, by their ID. */
export function factsIn(text: string): readonly (readonly [id: string, Fact])[] {
  return Object.entries(parse(text) as Readonly<Record<string, Fact>>);
}

/** A line for each fact that was read more than 90 days before a day. */
export function outdatedFacts(text: string, day: Date): readonly string[] {
  const days = ({ read }: Fact) => Math.floor((day.getTime() - Date.parse(read)) / 86_400_000);
  return factsIn(text)
    .filter(([, fact]) => days(fact) > MAX_DAYS)
    .map(([id, fact]) => `${id}: read ${days(fact)} days ago: ${fact.claim}\n  ${fact.source}`);
}
