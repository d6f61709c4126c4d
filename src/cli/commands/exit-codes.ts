/** Exit codes of all commands. Where several apply, the highest one counts. */
export const EXIT = { success: 0, error: 1, attention: 2, breaking: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
