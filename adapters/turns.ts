/**
 * Work of some milliseconds that many requests bring at the same moment: one piece a turn of the event loop, in the order in
 * which they asked, so that a hundred bodies that end together do not stop everybody for half a second.
 */
import { setImmediate } from "node:timers/promises";

/** Resolves when it is the caller's turn; what it does without waiting is one piece. */
export type Turns = () => Promise<void>;

export const createTurns = (): Turns => {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(() => setImmediate());
    return last;
  };
};
