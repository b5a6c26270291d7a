import { ALL_SEALS, LOADS, NETWORK, ON_DEMAND } from "./figures.ts";
import { type Identity, type Owner, run } from "./network.ts";
import { openRandom } from "./random.ts";

export const COUNTS: readonly number[] = [1, 2, 4, 8, 16, 32];
const HONEST = 9;
const EPOCHS = 120;
const WARM_UP = 10;
const TRIALS = 400;

export type Strategy = "a shard of the disk each" | "one copy, sealed on demand";

export interface Identities {
  readonly strategy: Strategy;
  readonly subtasks: number;
  /** Reward with so many identities, in rewards of an honest miner with one disk, one machine and one identity. */
  readonly gains: readonly { readonly identities: number; readonly gain: number; readonly sigma: number }[];
}

/** What one disk and one machine earn with 1 to 32 identities, among nine honest miners. */
export function gainsOf(strategy: Strategy, subtasks: number): Identities {
  const gains = COUNTS.map((identities) => {
    const random = openRandom(`${strategy} by ${identities} in ${subtasks}`);
    const many = { identities: identitiesOf(strategy, identities), trials: TRIALS };
    const honest = Array.from({ length: HONEST }, (): Owner => ({ identities: [whole(1)], trials: TRIALS }));
    const { earned } = run({ ...NETWORK, subtasks }, [many, ...honest], EPOCHS, WARM_UP, random);
    const [own, ...others] = earned.map(({ reward }) => reward) as [number, ...number[]];
    const usual = others.reduce((sum, reward) => sum + reward, 0) / HONEST;
    const squares = earned[0]?.squares ?? 0;
    const share = own / (own + usual * HONEST);
    return { identities, gain: own / usual, sigma: Math.sqrt(share * squares * (1 + share / HONEST)) / usual };
  });
  return { strategy, subtasks, gains };
}

function identitiesOf(strategy: Strategy, count: number): Identity[] {
  return Array.from({ length: count }, (_, i) => {
    if (strategy === "one copy, sealed on demand") return whole(i === 0 ? 1 : ON_DEMAND);
    return { ...whole(1), shard: { shardId: i, numShard: count } };
  });
}

function whole(cost: number): Identity {
  return { shard: { shardId: 0, numShard: 1 }, cost, filled: (load) => (load < LOADS ? ALL_SEALS : 0) };
}
