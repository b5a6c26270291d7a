/**
 * Bytes of answers that have been made and not yet taken by those who asked: they count until the response is closed, and
 * whoever does not take what he asked for is cut off.
 */
import type { ServerResponse } from "node:http";
import { type Budget, type BudgetOptions, createBudget } from "./budget.ts";

export interface Answers {
  /** Waits for room, to be called before the bytes are read from where they are. */
  hold(response: ServerResponse, bytes: number): Promise<void>;
  held: Budget["held"];
}

export interface AnswersOptions extends BudgetOptions {
  /** From the first bytes that are held to the end of the response, ms. */
  readonly leaveMs?: number;
}

export const createAnswers = (limit: number, { leaveMs = 30_000, ...options }: AnswersOptions = {}): Answers => {
  const budget = createBudget(limit, options);
  const leases = new WeakMap<ServerResponse, ReturnType<Budget["open"]>>();

  const leaseOf = (response: ServerResponse): ReturnType<Budget["open"]> => {
    const known = leases.get(response);
    if (known !== undefined) return known;
    const cut = (): void => {
      response.destroy();
    };
    const lease = budget.open(cut);
    const timer = setTimeout(cut, leaveMs).unref();
    response.once("close", () => {
      clearTimeout(timer);
      lease.close();
    });
    if (response.closed) lease.close();
    leases.set(response, lease);
    return lease;
  };
  return {
    hold: async (response, bytes) => {
      const lease = leaseOf(response);
      await lease.take(bytes);
      // Who reads slowly has his time, whoever waits.
      lease.settle();
    },
    held: budget.held,
  };
};
