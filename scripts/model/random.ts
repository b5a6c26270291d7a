import { bytesToBig } from "../../protocol/hex.ts";
import { keccakText } from "../../protocol/keccak.ts";

/** Random numbers that are the same on every machine: sfc32, seeded by the hash of a name. */
export interface Random {
  /** In [0, 1), 32 bits of it. */
  next(): number;
  /** A whole number below `end`. */
  below(end: number): number;
  bytes(length: number): Uint8Array;
  /** How many of `tickets` are as good as one in `1 / chance`. */
  hits(tickets: number, chance: number): number;
  /** How many come where `mean` are expected; `most` if it is as many or more. */
  arrivals(mean: number, most: number): number;
}

export function openRandom(name: string): Random {
  const seed = keccakText(name);
  const state = Uint32Array.from({ length: 4 }, (_, i) => Number(bytesToBig(seed.subarray(i * 4, i * 4 + 4))));
  const word = (): number => {
    const [a, b, c, d] = state as unknown as [number, number, number, number];
    const sum = (a + b + d) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = d + 1;
    return sum;
  };
  const next = (): number => word() / 2 ** 32;
  return {
    next,
    below: (end) => Math.floor(next() * end),
    bytes(length) {
      const words = Uint32Array.from({ length: Math.ceil(length / 4) }, word);
      return new Uint8Array(words.buffer, 0, length);
    },
    hits(tickets, chance) {
      if (chance >= 1) return tickets;
      // From hit to hit: the gaps are geometric, and most trials have none.
      const scale = Math.log1p(-chance);
      let count = 0;
      for (let at = gap(next(), scale); at < tickets; at += 1 + gap(next(), scale)) count++;
      return count;
    },
    arrivals(mean, most) {
      // More than twice as many as can be counted: no draw would say anything else.
      if (mean > 2 * most + 100) return most;
      let count = 0;
      for (let time = -Math.log1p(-next()); time < mean && count < most; time -= Math.log1p(-next())) count++;
      return count;
    },
  };
}

function gap(draw: number, scale: number): number {
  return Math.floor(Math.log1p(-draw) / scale);
}
