import { ZgError } from "./errors.ts";
import { COLUMNS, DATA_COLUMNS, SLOTS } from "./params.ts";

/** More than two thirds of a non-zero total, without rounding. */
export function quorum(signed: bigint, total: bigint): boolean {
  return total > 0n && 3n * signed > 2n * total;
}

/** An exact probability. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** C(n, k), exact. */
export function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let value = 1n;
  for (let i = 0; i < Math.min(k, n - k); i++) value = (value * BigInt(n - i)) / BigInt(i + 1);
  return value;
}

const MOST_GOOD = DATA_COLUMNS - 1; // a batch that cannot be decoded has at most 63 good columns

/**
 * Upper bound on the chance that s distinct columns, fixed before anyone is asked for them, all pass although the
 * batch cannot be decoded: C(63, s) / C(128, s) < 2^-s.
 */
export function detectionBound(samples: number): Rational {
  return { numerator: choose(MOST_GOOD, samples), denominator: choose(COLUMNS, samples) };
}

/**
 * Upper bound on the chance that data is lost although k of h honest validators signed, against servers that see every
 * request before they answer: some k of them must together hold at most 63 columns, so C(h, k) · Pr[|U_k| ≤ 63], U_k
 * the union of k random s-subsets of the 128 columns.
 */
export function unionBound(honest: number, needed: number, samples: number): Rational {
  const ways = choose(honest, needed);
  const { numerator, denominator } = unionAtMost(needed, samples, MOST_GOOD);
  return { numerator: ways * numerator, denominator };
}

/** Pr[|U_k| ≤ limit], from the number of ways a union of size u grows by one more s-subset. */
function unionAtMost(sets: number, samples: number, limit: number): Rational {
  let ways = new Map<number, bigint>([[0, 1n]]);
  for (let set = 0; set < sets; set++) {
    const next = new Map<number, bigint>();
    for (const [size, count] of ways) {
      for (let added = 0; added <= samples && size + added <= limit; added++) {
        const grow = choose(COLUMNS - size, added) * choose(size, samples - added);
        if (grow > 0n) next.set(size + added, (next.get(size + added) ?? 0n) + count * grow);
      }
    }
    ways = next;
  }
  const numerator = [...ways.values()].reduce((sum, count) => sum + count, 0n);
  return { numerator, denominator: choose(COLUMNS, samples) ** BigInt(sets) };
}

/**
 * Both bounds for V validators of equal stake of which at most one third is dishonest.
 *
 * @returns detection: one validator, columns fixed before they are asked; loss: adaptive servers
 */
export function lossBound(validators: number, samples: number): { detection: Rational; loss: Rational } {
  const { honest, needed } = honestQuorum(validators);
  return { detection: detectionBound(samples), loss: unionBound(honest, needed, samples) };
}

/** Honest validators, and how many of them must have signed when all the dishonest did. */
export function honestQuorum(validators: number): { honest: number; needed: number } {
  if (!Number.isInteger(validators) || validators < 1 || validators > SLOTS) {
    throw new ZgError("BadConfig", { validators, limit: SLOTS });
  }
  const dishonest = Math.ceil(validators / 3) - 1;
  const signatures = Math.floor((2 * validators) / 3) + 1;
  return { honest: validators - dishonest, needed: signatures - dishonest };
}

/** The fewest samples for which the loss bound is at most 2^-bits. */
export function samplesFor(validators: number, bits = 40): number {
  const { honest, needed } = honestQuorum(validators);
  for (let samples = 1; samples <= COLUMNS; samples++) {
    const { numerator, denominator } = unionBound(honest, needed, samples);
    if (numerator << BigInt(bits) <= denominator) return samples;
  }
  throw new ZgError("BadConfig", { validators, bits });
}

/** log2 of a probability, for display; -Infinity for zero. */
export function log2(p: Rational): number {
  if (p.numerator === 0n) return Number.NEGATIVE_INFINITY;
  return bits(p.numerator) - bits(p.denominator);
}

function bits(value: bigint): number {
  const digits = value.toString(2);
  return digits.length - 53 + Math.log2(Number(`0b${digits.slice(0, 53).padEnd(53, "0")}`));
}
