/** Who does what anybody may do. Pure. */

/** Blocks between one validator's turn and the next one's. */
const TURN_BLOCKS = 2;
const SLOTS = 200;

/**
 * Blocks after which a validator does what all others may do as well: the one behind the slot in question first, so that
 * they do not all pay for the same transaction; nobody later than half of the window, so that none is left to the last.
 */
export const turnOf = (own: number | null, other: number, window: number): number => {
  const place = own === null ? SLOTS - 1 : (own - other + SLOTS - 1) % SLOTS;
  return Math.min(place * TURN_BLOCKS, Math.floor(window / 2));
};
