/** The ID of the process that runs this code. */
export const processId = (): number => process.pid;

/** Whether there is a process, also of another user. */
export function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Whether a file of a user is one of the user who runs this process. Windows has no such IDs. */
export const isOwnUser = (id: number): boolean => id === (process.getuid?.() ?? id);
