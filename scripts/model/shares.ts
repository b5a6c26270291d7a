import { ALL_SEALS, LOADS, NETWORK } from "./figures.ts";
import { type Identity, type Owner, run } from "./network.ts";
import { openRandom, type Random } from "./random.ts";

export const NETWORKS: readonly number[] = [2, 3, 5, 10, 20, 30, 50];
const EPOCHS = 100;
const WARM_UP = 10;
/** Of all miners in a window: so many more than answers that no trial gives two. */
const TRIALS = 6000;

export interface Share {
  /** Of all bytes that are stored, with data in them. */
  readonly stored: number;
  readonly answers: number;
  readonly reward: number;
  /** How far the two are from `stored`, in standard deviations of luck. */
  readonly sigmas: readonly [answers: number, reward: number];
}
export interface Shares {
  readonly miners: number;
  readonly answers: number;
  readonly shares: readonly Share[];
}

/**
 * Miners of equal machines with shards of 1 to 1/32 of the log, and every fifth with a disk that is too small for its shard:
 * what they store against what they get.
 */
export function sharesOf(miners: number): Shares {
  const random = openRandom(`shares of ${miners}`);
  const log = Array.from({ length: LOADS }, () => filling(random));
  const trials = Math.round(TRIALS / miners);
  const owners = Array.from({ length: miners }, (_, i): Owner => {
    return { identities: [identity(i % 5 === 4 ? 0.1 + 0.8 * random.next() : 1, log, random)], trials };
  });
  const stored = owners.map(({ identities }) => identities.reduce((sum, one) => sum + held(one), 0));
  const { earned } = run(NETWORK, owners, EPOCHS, WARM_UP, random);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [all, answers] = [sum(stored), sum(earned.map((e) => e.answers))];
  const reward = sum(earned.map((e) => e.reward));
  const shares = earned.map((e, i): Share => {
    const share = (stored[i] as number) / all;
    const luck = share * (1 - share);
    return {
      stored: share,
      answers: e.answers / answers,
      reward: e.reward / reward,
      sigmas: [
        (e.answers - share * answers) / Math.sqrt(luck * answers),
        (e.reward - share * reward) / Math.sqrt(luck * e.squares),
      ],
    };
  });
  return { miners, answers, shares };
}

/** Seals with data in a load: mostly all; some loads are the end of a file, some a gap between two. */
function filling(random: Random): number {
  const kind = random.next();
  if (kind < 0.03) return 0;
  return kind < 0.1 ? 1 + random.below(ALL_SEALS - 1) : ALL_SEALS;
}

function identity(part: number, log: readonly number[], random: Random): Identity {
  const numShard = 2 ** random.below(6);
  const shard = { numShard, shardId: random.below(numShard) };
  const mine = log.map((seals) => (random.next() < part ? seals : 0));
  return { shard, cost: 1, filled: (load) => mine[load] ?? 0 };
}

function held({ shard, filled }: Identity): number {
  let seals = 0;
  for (let load = shard.shardId; load < LOADS; load += shard.numShard) seals += filled(load);
  return seals;
}
