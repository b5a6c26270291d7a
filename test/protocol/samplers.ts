import { drawColumns } from "../../protocol/column.ts";
import { keccakEach, keccakText } from "../../protocol/keccak.ts";
import { COLUMNS } from "../../protocol/params.ts";
import { choose, type Rational } from "../../protocol/quorum.ts";

const SIGNATURE_BYTES = 96;
const MESSAGE_BYTES = SIGNATURE_BYTES + 32;
const AT_ONCE = 256;

/** What stands for the signatures of `count` samplers from the first on: 96 bytes each that nobody chose. */
export function signatures(label: string, first: number, count: number): Uint8Array {
  const messages = new Uint8Array(count * 3 * 64);
  const tag = keccakText(label);
  const numbers = new DataView(messages.buffer);
  for (let i = 0; i < count * 3; i++) {
    messages.set(tag, i * 64);
    numbers.setUint32(i * 64 + 60, first * 3 + i);
  }
  return keccakEach(messages, 64);
}

/**
 * The columns of many samplers, by the rule of `drawColumns`: keccak(signature ‖ i) mod 128, the first distinct ones.
 * Hashed in bulk, because a hundred thousand samplers draw a million columns.
 *
 * @param visit gets `samples` columns in the order drawn; the array is used again for the next sampler
 */
export function eachSampler(
  label: string,
  count: number,
  samples: number,
  visit: (columns: Uint8Array, sampler: number) => void,
): void {
  // About as many draws as it takes; who has drawn too many twice draws on alone.
  const draws = Math.ceil(COLUMNS * Math.log(COLUMNS / (COLUMNS - samples))) + 6;
  const messages = new Uint8Array(AT_ONCE * draws * MESSAGE_BYTES);
  const columns = new Uint8Array(samples);
  const seen = new Int32Array(COLUMNS).fill(-1);
  for (let from = 0; from < count; from += AT_ONCE) {
    const here = Math.min(AT_ONCE, count - from);
    const signed = signatures(label, from, here);
    const signatureOf = (i: number) => signed.subarray(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES);
    for (let i = 0; i < here; i++) {
      const signature = signatureOf(i);
      for (let draw = 0; draw < draws; draw++) {
        const at = (i * draws + draw) * MESSAGE_BYTES;
        messages.set(signature, at);
        messages[at + MESSAGE_BYTES - 1] = draw;
      }
    }
    const digests = keccakEach(messages.subarray(0, here * draws * MESSAGE_BYTES), MESSAGE_BYTES);
    for (let i = 0; i < here; i++) {
      let drawn = 0;
      for (let draw = 0; draw < draws && drawn < samples; draw++) {
        const column = (digests[(i * draws + draw) * 32 + 31] as number) % COLUMNS;
        if (seen[column] === from + i) continue;
        seen[column] = from + i;
        columns[drawn++] = column;
      }
      if (drawn < samples) columns.set(drawColumns(signatureOf(i), samples));
      visit(columns, from + i);
    }
  }
}

/** Of how many runs an event came, within three standard deviations of what its probability says? Exact. */
export function withinThreeSigma(count: number, runs: number, { numerator, denominator }: Rational): boolean {
  const off = BigInt(count) * denominator - BigInt(runs) * numerator;
  return off * off <= 9n * BigInt(runs) * numerator * (denominator - numerator);
}

/** Samplers of `count` who find all of their first s columns given out, for each s, when the `withheld` last are not. */
export function fooled(label: string, count: number, withheld: number, upTo: number): number[] {
  const passed = Array.from({ length: upTo + 1 }, () => 0);
  eachSampler(label, count, upTo, (columns) => {
    let s = 0;
    while (s < upTo && (columns[s] as number) < COLUMNS - withheld) s++;
    for (let k = 0; k <= s; k++) passed[k] = (passed[k] as number) + 1;
  });
  return passed;
}

/**
 * Rounds of h honest validators against servers that see all requests first: how often k of them (those that the servers
 * choose) together hold at most `limit` columns, and how often the first k do.
 */
export function adaptiveLosses(
  label: string,
  rounds: number,
  { honest, needed, samples, limit = 63 }: { honest: number; needed: number; samples: number; limit?: number },
): { first: number; any: number } {
  const teams = subsets(honest, needed);
  if (BigInt(teams.length) !== choose(honest, needed)) throw new Error("not all teams");
  const sets = new Int32Array(honest * 4);
  let first = 0;
  let any = 0;
  const sizeOf = (team: readonly number[]): number => {
    let size = 0;
    for (let part = 0; part < 4; part++) {
      let union = 0;
      for (const member of team) union |= sets[member * 4 + part] as number;
      size += ones(union);
    }
    return size;
  };
  eachSampler(label, rounds * honest, samples, (columns, sampler) => {
    const member = sampler % honest;
    sets.fill(0, member * 4, member * 4 + 4);
    for (const column of columns) {
      const at = member * 4 + (column >> 5);
      sets[at] = (sets[at] as number) | (1 << (column & 31));
    }
    if (member !== honest - 1) return;
    if (sizeOf(teams[0] as number[]) <= limit) first++;
    if (teams.some((team) => sizeOf(team) <= limit)) any++;
  });
  return { first, any };
}

function ones(word32: number): number {
  let x = word32 - ((word32 >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** All k-subsets of 0 … n − 1. */
function subsets(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  return Array.from({ length: Math.max(0, n - from - k + 1) }, (_, i) => from + i).flatMap((first) =>
    subsets(n, k - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
