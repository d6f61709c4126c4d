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
