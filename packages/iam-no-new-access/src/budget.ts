/** Thrown when a decision takes more steps than its limit. */
export class BudgetExceeded extends Error {}

/**
 * Counts the steps of one decision, so that hostile policies end with an answer instead of a long
 * run.
 */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  get left(): number {
    return this.#left;
  }

  /** @throws BudgetExceeded if the limit is reached */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) {
      throw new BudgetExceeded();
    }
  }

  /** The result, or undefined if it takes more than a share of the steps that are left. */
  attempt<Result>(share: number, work: (budget: Budget) => Result): Result | undefined {
    const given = Math.max(0, this.#left) * share;
    const budget = new Budget(given);
    try {
      return work(budget);
    } catch (error) {
      if (error instanceof BudgetExceeded) {
        return undefined;
      }
      throw error;
    } finally {
      this.#left -= given - Math.max(0, budget.left);
    }
  }
}
