import {
  type Bet,
  batchPrize,
  isWinning,
  mostPrizes,
  prizeIn,
  type Round,
  type RoundRule,
  winningQualities,
} from "../../protocol/lottery.ts";
import { openRandom } from "./random.ts";

/**
 * What sampling pays, computed exactly and tried out with the rules of the contract: nothing here is a rule of its own. All
 * chance comes from a seed, so that the tables of docs/sampling.md are the same everywhere.
 */
const LIMBS = 2 ** 32;

/** Numbers in [0, 1), the same everywhere for one seed. */
export function randomOf(seed: number): () => number {
  return openRandom(`sampling ${seed}`).next;
}

/** A quality of which the 64 bits that decide are random. */
function qualityOf(random: () => number): bigint {
  return ((BigInt(random() * LIMBS) << 32n) | BigInt(random() * LIMBS)) << 192n;
}

export interface Lottery {
  readonly stakes: readonly bigint[];
  readonly samples: number;
  readonly fee: bigint;
  /** The round's prize. */
  readonly prize: bigint;
}

export function betOf({ stakes, samples, fee, prize }: Lottery, validator: number): Bet {
  return {
    fee,
    stake: stakes[validator] as bigint,
    totalStake: stakes.reduce((sum, stake) => sum + stake),
    samples: BigInt(samples),
    prize: batchPrize(prize, fee),
  };
}

/** A ticket's chance, to a double's precision. */
export function chanceOf(bet: Bet): number {
  return Number(winningQualities(bet)) / 2 ** 64;
}

/** What one validator expects of a batch as a share of its fee, if the batch's cap is never met: exact, × 2^64. */
export function expectedShare(lottery: Lottery, validator: number): number {
  const bet = betOf(lottery, validator);
  return Number((winningQualities(bet) * bet.samples * bet.prize * 2n ** 32n) / (bet.fee * 2n ** 64n)) / LIMBS;
}

/** Chances of 0, 1, … winning tickets in a batch of all validators. */
export function winnersOf(lottery: Lottery): number[] {
  let chances = [1];
  for (const validator of lottery.stakes.keys()) {
    const p = chanceOf(betOf(lottery, validator));
    for (let i = 0; i < lottery.samples; i++) {
      const next = new Array<number>(Math.min(chances.length + 1, 256)).fill(0);
      for (const [n, chance] of chances.entries()) {
        next[n] = (next[n] ?? 0) + chance * (1 - p);
        if (n + 1 < next.length) next[n + 1] = (next[n + 1] ?? 0) + chance * p;
      }
      chances = next;
    }
  }
  return chances;
}

/** What a batch expects to pay, as a share of its fee, with its cap. */
export function expectedPayout(lottery: Lottery): number {
  const prize = batchPrize(lottery.prize, lottery.fee);
  const most = Number(mostPrizes(lottery.fee, prize));
  const prizes = winnersOf(lottery).reduce((sum, chance, n) => sum + chance * Math.min(n, most), 0);
  return (prizes * Number(prize)) / Number(lottery.fee);
}

/** What each validator was paid in each of `batches`, by the contract's rule, in prizes; the first to claim are paid. */
export function playBatches(lottery: Lottery, batches: number, random: () => number): number[][] {
  const bets = lottery.stakes.map((_, validator) => betOf(lottery, validator));
  const most = Number(mostPrizes(lottery.fee, batchPrize(lottery.prize, lottery.fee)));
  return Array.from({ length: batches }, () => {
    const paid = bets.map(() => 0);
    const winners = bets.flatMap((bet, validator) =>
      Array.from({ length: lottery.samples }, () => validator).filter(() => isWinning(qualityOf(random), bet)),
    );
    for (let left = most; left > 0 && winners.length > 0; left--) {
      const [winner] = winners.splice(Math.floor(random() * winners.length), 1) as [number];
      paid[winner] = (paid[winner] as number) + 1;
    }
    return paid;
  });
}

/**
 * What the proposer of a batch's block expects to win, in prizes, if it may choose among `tries` hashes and has validators
 * with the share `share` of the stake: the expected maximum of that many draws.
 */
export function groundPrizes(share: number, samples: number, feeInPrizes: number, tries: number): number {
  const p = (feeInPrizes * share) / samples;
  const most = 4 * Math.ceil(feeInPrizes);
  let [expected, below, chance] = [0, 0, (1 - p) ** samples];
  for (let wins = 0; wins < Math.min(samples, most); wins++) {
    below += chance;
    // 1 − below^tries: at least one try wins more than `wins`.
    expected += -Math.expm1(tries * Math.log(Math.min(1, below)));
    chance *= ((samples - wins) / (wins + 1)) * (p / (1 - p));
  }
  return expected;
}

/** What a validator expects of one batch, in units of the batch's fee. */
export interface Behaviour {
  /** Its share of the stake. */
  readonly share: number;
  /** Cost of fetching all its columns. */
  readonly traffic: number;
  /** What is slashed of its stake. */
  readonly slash: number;
  /** Chance that an audit asks it. */
  readonly rate: number;
  /** Chance that a batch cannot be fetched when it is certified. */
  readonly withheld: number;
}
export type Strategy = "sample" | "sign, then look" | "sign only";

/**
 * `sample` fetches its columns before it signs, and does not sign what it cannot fetch. `sign, then look` signs everything and
 * fetches its tickets' cells afterwards, and the audited one when it is asked. `sign only` fetches nothing at all.
 */
export function expectationOf(strategy: Strategy, b: Behaviour): number {
  const { share, traffic, slash, rate, withheld } = b;
  if (strategy === "sample") return (1 - withheld) * share - traffic;
  if (strategy === "sign, then look") return (1 - withheld) * share - withheld * rate * slash;
  return -rate * slash;
}

/** The same, tried out. */
export function playStrategy(strategy: Strategy, b: Behaviour, batches: number, random: () => number): number[] {
  return Array.from({ length: batches }, () => {
    const available = random() >= b.withheld;
    const asked = random() < b.rate;
    if (strategy === "sample") return (available ? b.share : 0) - b.traffic;
    const shows = strategy === "sign, then look" && available;
    return (shows ? b.share : 0) - (asked && !shows ? b.slash : 0);
  });
}

/** The share of withheld batches above which looking first pays. */
export function breakEven({ traffic, slash, rate }: Behaviour): number {
  return traffic / (rate * slash);
}

export interface Flow {
  /** Fees of each round, in least prizes. */
  readonly fees: (round: number) => number;
  /** Rounds from a submission to the claim. */
  readonly delay: number;
  /** Rounds that a ticket waits for room. */
  readonly patience: number;
  readonly rule: RoundRule;
}

export interface RoundReport {
  readonly prize: number;
  readonly claims: number;
  readonly paid: number;
  readonly expired: number;
}

/** Rounds of the lottery under a flow of fees: tickets win by chance, wait for room, and expire. */
export function playRounds(flow: Flow, rounds: number, random: () => number): RoundReport[] {
  let last: Round = { number: 0n, prize: flow.rule.least, claims: 0n };
  const waiting: { due: number; until: number; count: number; prize: number }[] = [];
  return Array.from({ length: rounds }, (_, round) => {
    const prize = Number(prizeIn(BigInt(round), last, flow.rule)) / Number(flow.rule.least);
    const due = round + flow.delay;
    waiting.push({ due, until: due + flow.patience, count: poisson(flow.fees(round) / prize, random), prize });
    let [room, paid, expired] = [2 * Number(flow.rule.wanted), 0, 0];
    for (const batch of waiting) {
      const served = batch.due <= round ? Math.min(room, batch.count) : 0;
      batch.count -= served;
      room -= served;
      paid += served * batch.prize;
      if (batch.until < round) {
        expired += batch.count * batch.prize;
        batch.count = 0;
      }
    }
    while (waiting[0] && waiting[0].count === 0 && waiting[0].until < round) waiting.shift();
    const claims = 2 * Number(flow.rule.wanted) - room;
    if (claims > 0) {
      last = { number: BigInt(round), prize: prizeIn(BigInt(round), last, flow.rule), claims: BigInt(claims) };
    }
    return { prize, claims, paid, expired };
  });
}

function poisson(mean: number, random: () => number): number {
  if (mean > 30) {
    // Normal, far enough from zero.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let [count, product] = [0, random()];
  for (const limit = Math.exp(-mean); product > limit; count++) product *= random();
  return count;
}

export function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, error: Math.sqrt(variance / values.length) };
}
