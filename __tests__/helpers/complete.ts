/**
 * `COMPLETE=1` runs everything, which takes hours and is for the night and a release; else a sample
 * that every push can wait for.
 */
export const COMPLETE = process.env.COMPLETE === "1";

/** From sample.cjs: selects the seed of random cases, and the rows that run. */
export const SAMPLE = Number(process.env.SAMPLE);

/** The number of random cases that run. */
export const cases = (sample: number, all: number): number => (COMPLETE ? all : sample);

/** All rows, or every nth one, with each sample from another one on. */
export const rows = <T>(all: readonly T[], nth: number): readonly T[] =>
  COMPLETE ? all : all.filter((_, index) => index % nth === SAMPLE % nth);
