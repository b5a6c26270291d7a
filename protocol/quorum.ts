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

/** A batch that cannot be decoded has at most 63 good columns. */
export const MOST_GOOD = DATA_COLUMNS - 1;

/**
 * Chance that s distinct columns, fixed before anyone is asked for them, are all among `released`:
 * C(released, s) / C(128, s), less than 2^-s for 63. Against servers that decided beforehand what to give out.
 */
export function detectionBound(samples: number, released = MOST_GOOD): Rational {
  return { numerator: choose(released, samples), denominator: choose(COLUMNS, samples) };
}

/**
 * Chance of a certificate although only `released` columns are given out, whoever asks: at least k of h honest
 * validators found all their samples among them. Exact, and a binomial tail, for each draws on its own.
 */
export function fixedRelease(honest: number, needed: number, samples: number, released = MOST_GOOD): Rational {
  const { numerator: pass, denominator: all } = detectionBound(samples, released);
  let numerator = 0n;
  for (let signed = Math.max(0, needed); signed <= honest; signed++) {
    numerator += choose(honest, signed) * pass ** BigInt(signed) * (all - pass) ** BigInt(honest - signed);
  }
  return { numerator, denominator: all ** BigInt(honest) };
}

/**
 * Upper bound on the chance that data is lost although k of h honest validators signed, against servers that see every
 * request before they answer: some k of them must together hold at most 63 columns, so C(h, k) · Pr[|U_k| ≤ 63], U_k
 * the union of k random s-subsets of the 128 columns. A bound above one says nothing.
 */
export function unionBound(honest: number, needed: number, samples: number): Rational {
  const ways = choose(honest, needed);
  const { numerator, denominator } = unionsAtMost(needed, samples)[needed] as Rational;
  return { numerator: ways * numerator, denominator };
}

/** Pr[|U_k| ≤ 63] for k = 0 … sets, from the number of ways a union of size u grows by one more s-subset. */
function unionsAtMost(sets: number, samples: number): Rational[] {
  // grow[size][added]: s-subsets of which `added` are new to a union of that size.
  const grow = Array.from({ length: MOST_GOOD + 1 }, (_, size) =>
    Array.from(
      { length: Math.min(samples, MOST_GOOD - size) + 1 },
      (_, added) => choose(COLUMNS - size, added) * choose(size, samples - added),
    ),
  );
  const subsets = choose(COLUMNS, samples);
  let ways: readonly bigint[] = Array.from({ length: MOST_GOOD + 1 }, (_, size) => (size === 0 ? 1n : 0n));
  const all: Rational[] = [{ numerator: 1n, denominator: 1n }];
  for (let set = 1; set <= sets; set++) {
    const next = Array.from({ length: MOST_GOOD + 1 }, () => 0n);
    for (const [size, count] of ways.entries()) {
      if (count === 0n) continue;
      for (const [added, more] of (grow[size] as bigint[]).entries()) {
        next[size + added] = (next[size + added] as bigint) + count * more;
      }
    }
    ways = next;
    all.push({ numerator: ways.reduce((sum, count) => sum + count, 0n), denominator: subsets ** BigInt(set) });
  }
  return all;
}

/** What a certificate of V validators of equal stake means, s samples each. */
export interface CertificateBound {
  /** One validator is fooled by servers that decided beforehand. */
  readonly detection: Rational;
  /** So many are that they make a quorum, the dishonest helping. */
  readonly fixed: Rational;
  /** The data is lost in spite of a quorum, against servers that see every request. */
  readonly loss: Rational;
}

/** @param dishonest at most this share of the stake; without it, less than a third */
export function lossBound(validators: number, samples: number, dishonest?: Rational): CertificateBound {
  const { honest, needed } = honestQuorum(validators, dishonest);
  return {
    detection: detectionBound(samples),
    fixed: fixedRelease(honest, needed, samples),
    loss: unionBound(honest, needed, samples),
  };
}

/**
 * The adaptive bound for stakes that differ: the greatest over the number of dishonest validators, who hold at most
 * `dishonest` of the stake; the honest part of a quorum then has at least as many members as the largest stakes need to
 * fill it up. For equal stakes it is `lossBound`.
 */
export function stakeBound(stakes: readonly bigint[], samples: number, dishonest: Rational): Rational {
  const quorums = worstQuorums(stakes, dishonest);
  const unions = unionsAtMost(stakes.length, samples);
  return greatest(
    quorums.map(({ honest, needed }) => {
      const { numerator, denominator } = unions[needed] as Rational;
      return { numerator: choose(honest, needed) * numerator, denominator };
    }),
  );
}

/**
 * What a certificate of these validators means, whose stakes may differ.
 *
 * @param dishonest at most this share of the stake; without it, less than a third
 */
export function certificateBound(
  stakes: readonly bigint[],
  samples: number,
  dishonest: Rational = lessThanAThird(stakes),
): CertificateBound {
  const quorums = worstQuorums(stakes, dishonest);
  return {
    detection: detectionBound(samples),
    fixed: greatest(quorums.map(({ honest, needed }) => fixedRelease(honest, needed, samples))),
    loss: stakeBound(stakes, samples, dishonest),
  };
}

function lessThanAThird(stakes: readonly bigint[]): Rational {
  const total = stakes.reduce((sum, stake) => sum + stake, 0n);
  return { numerator: (total - 1n) / 3n, denominator: total };
}

function greatest(chances: readonly Rational[]): Rational {
  return chances.reduce(
    (worst, chance) => (chance.numerator * worst.denominator > worst.numerator * chance.denominator ? chance : worst),
    { numerator: 0n, denominator: 1n },
  );
}

/** For each number of dishonest validators that is possible: how many are honest, and how few of those must have signed. */
function worstQuorums(stakes: readonly bigint[], { numerator, denominator }: Rational) {
  const total = stakes.reduce((sum, stake) => sum + stake, 0n);
  if (stakes.length === 0 || stakes.length > SLOTS || stakes.some((stake) => stake <= 0n)) {
    throw new ZgError("BadConfig", { validators: stakes.length, limit: SLOTS });
  }
  const falling = [...stakes].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  const sums = [0n];
  for (const stake of falling) sums.push((sums.at(-1) as bigint) + stake);
  const quorums: { readonly honest: number; readonly needed: number }[] = [];
  for (let members = 0; members < stakes.length; members++) {
    // The members with the least stakes hold this much, and with the largest at most that.
    const least = total - (sums[stakes.length - members] as bigint);
    if (least * denominator > numerator * total) break;
    const share = (sums[members] as bigint) * denominator;
    const cap = share < numerator * total ? share : numerator * total;
    // 3 · (cap / denominator + honest) > 2 · total.
    const needed = sums.findIndex((sum) => 3n * (cap + sum * denominator) > 2n * total * denominator);
    quorums.push({ honest: stakes.length - members, needed });
  }
  return quorums;
}

/**
 * Honest validators of equal stake, and how many of them must have signed when all the dishonest did.
 *
 * @param dishonest at most this share of the stake; without it, less than a third
 */
export function honestQuorum(validators: number, dishonest?: Rational): { honest: number; needed: number } {
  if (!Number.isInteger(validators) || validators < 1 || validators > SLOTS) {
    throw new ZgError("BadConfig", { validators, limit: SLOTS });
  }
  const faulty =
    dishonest === undefined
      ? Math.ceil(validators / 3) - 1
      : Number((BigInt(validators) * dishonest.numerator) / dishonest.denominator);
  const signatures = Math.floor((2 * validators) / 3) + 1;
  return { honest: validators - faulty, needed: Math.max(0, signatures - faulty) };
}

/** The fewest samples for which the loss bound is at most 2^-bits. */
export function samplesFor(validators: number, bits = 40, dishonest?: Rational): number {
  const { honest, needed } = honestQuorum(validators, dishonest);
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
