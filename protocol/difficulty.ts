/**
 * How PoraMine's target follows the number of answers. A target of 2^256 / d is reached by one ticket in d.
 *
 * After an epoch with n answers where N were wanted it moves 1/ratio of the way to what would have given N, by a factor
 * of 2 at most. The ends of that scale measure nothing: after an epoch without any it doubles, after one with 2N, the
 * most that an epoch takes, it halves. It stays within [MIN_TARGET, maxTarget].
 */
export const MIN_TARGET = 1n << 128n;
export const MAX_UINT256 = (1n << 256n) - 1n;

/** Bits that 0G cuts off so that products fit a word. */
const SCALE = 16n;

export interface DifficultyRules {
  /** Answers wanted in an epoch. */
  readonly wanted: bigint;
  readonly ratio: bigint;
  readonly maxTarget: bigint;
}

export function targetOf(difficulty: bigint): bigint {
  return MAX_UINT256 / difficulty;
}

/** The target after an epoch with `answers` ≥ 1. */
export function adjustedTarget(target: bigint, answers: bigint, { wanted, ratio, maxTarget }: DifficultyRules): bigint {
  const old = target >> SCALE;
  let next = (old * (ratio - 1n) + (old * wanted) / answers) / ratio;
  if (next > old * 2n) next = old * 2n;
  if (next < old / 2n || answers >= 2n * wanted) next = old / 2n;
  if (next > maxTarget >> SCALE) return maxTarget;
  next <<= SCALE;
  return next < MIN_TARGET ? MIN_TARGET : next;
}

/** The target after `epochs` without an answer. */
export function relievedTarget(target: bigint, epochs: bigint, maxTarget: bigint): bigint {
  return epochs > 255n || target > maxTarget >> epochs ? maxTarget : target << epochs;
}

/** The target in `epoch`, from what PoraMine has stored: target, epoch and answers of the last epoch with an answer. */
export function targetIn(
  epoch: bigint,
  last: { readonly target: bigint; readonly epoch: bigint; readonly answers: bigint },
  rules: DifficultyRules,
): bigint {
  if (epoch === last.epoch) return last.target;
  const next = last.answers === 0n ? last.target : adjustedTarget(last.target, last.answers, rules);
  return relievedTarget(next, epoch - last.epoch - 1n, rules.maxTarget);
}
