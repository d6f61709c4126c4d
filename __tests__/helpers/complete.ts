/** Whether everything runs, which takes hours and is for a release (`COMPLETE=1 .ci/run`); else a sample that every change can wait for. */
export const COMPLETE = process.env.COMPLETE === "1";

/** The number of random cases that run. */
export const cases = (sample: number, all: number): number => (COMPLETE ? all : sample);

/** The rows that run: all of them, or every nth one, so that each part of the table is there. */
export const rows = <T>(all: readonly T[], nth: number): readonly T[] =>
  COMPLETE ? all : all.filter((_, index) => index % nth === 0);

/** The seed of random cases: the same ones in every run, unless the variable SEED selects other ones. */
export const SEED = Number(process.env.SEED ?? 1);
