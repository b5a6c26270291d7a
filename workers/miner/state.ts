/** `GET /status`: who this miner is, what it holds, what it is at, and what that earned. Wei as decimal text. */
import type { Follower, Head } from "../../adapters/follow.ts";
import type { Mining } from "../../adapters/mining.types.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import type { Queues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Shard } from "../../protocol/shard.ts";
import type { Peers } from "../peers.ts";
import type { PartyWallet } from "../wallet.ts";
import type { Calls } from "./calls.ts";
import { lastOf, lengthOf, type MinerDb, sealedLengthOf } from "./db.ts";
import type { MinerTask } from "./mine.ts";
import { countLoads } from "./plan.ts";
import type { Loads } from "./scan.ts";
import type { Vault } from "./vault.ts";

export interface StateDeps {
  readonly name: string;
  readonly network: NetworkJson;
  readonly shard: Shard;
  readonly beneficiary: Hex;
  readonly db: MinerDb;
  readonly vault: Pick<Vault, "index">;
  readonly mining: Pick<Mining, "counts">;
  readonly task: Pick<MinerTask, "current">;
  readonly calls: Pick<Calls, "beneficiaryOf" | "owed">;
  readonly wallet: Pick<PartyWallet, "address" | "open">;
  readonly peers: Pick<Peers, "report">;
  readonly queues: Queues;
  /** Loads that are sealed, or will be. */
  readonly bounds: () => Loads;
  readonly waiting: ReadonlyMap<number, { readonly why: string }>;
  readonly position: Follower["position"];
  readonly head: () => Head;
}

const SHOWN = 100;

export const createState = (deps: StateDeps) => {
  const { db, vault, mining, task, calls, wallet, network, shard } = deps;
  const rate = createRate(mining);
  /** null: the chain does not answer. */
  const owed = async (beneficiary: Hex): Promise<string | null> => {
    const wei = await calls.owed(beneficiary).catch(() => null);
    return wei === null ? null : String(wei);
  };
  return async (): Promise<Record<string, unknown>> => {
    const minerId = db.minerId();
    const holder = minerId === undefined ? undefined : await calls.beneficiaryOf(minerId).catch(() => undefined);
    const beneficiary = holder ?? deps.beneficiary;
    const wish = task.current();
    const sealedLength = sealedLengthOf(db);
    const hits = { open: 0, submitted: 0, dropped: {} as Record<string, number> };
    for (const [, { slot, dropped }] of db.rows("hits")) {
      if (dropped !== null) {
        const why = dropped.startsWith("earns") ? "unprofitable" : dropped;
        hits.dropped[why] = (hits.dropped[why] ?? 0) + 1;
      } else if (slot !== null) hits.submitted += 1;
      else hits.open += 1;
    }
    const { accepted, earned } = paidOf(db);
    return {
      worker: "miner",
      name: deps.name,
      account: wallet.address,
      beneficiary,
      minerId: minerId ?? null,
      shard,
      chainId: network.chainId,
      mine: network.contracts.PoraMine,
      head: deps.head(),
      position: deps.position() ?? null,
      log: { length: lengthOf(db), sealedLength },
      sealed: { loads: vault.index.size(), total: countLoads(shard, deps.bounds()) },
      epoch: wish?.of.epoch ?? lastOf(db, "contexts")?.epoch ?? null,
      mining: wish === undefined ? null : { epoch: wish.of.epoch, last: wish.of.last, target: String(wish.target) },
      trialsPerSecond: rate(),
      counts: mining.counts(),
      hits,
      submitted: hits.submitted,
      accepted,
      earned,
      owed: await owed(beneficiary),
      transactions: wallet.open(),
      waiting: [...deps.waiting].slice(0, SHOWN).map(([load, { why }]) => ({ load, why })),
      nodes: deps.peers.report(),
      queues: await deps.queues.counts().catch(() => null),
      failures: await deps.queues.failureCounts().catch(() => null),
    };
  };
};

/** Of the answers that the chain has paid for, as far as we have followed. */
export const paidOf = (db: MinerDb): { readonly accepted: number; readonly earned: string } => {
  let [accepted, earned] = [0, 0n];
  for (const [, { wei }] of db.rows("paid")) {
    accepted += 1;
    earned += BigInt(wei);
  }
  return { accepted, earned: String(earned) };
};

/** Trials in a second of mining, over the time since the last call in which there were any. */
const createRate = (mining: Pick<Mining, "counts">) => {
  let before = { trials: 0, at: performance.now() };
  let rate = 0;
  return (): number => {
    const { trials } = mining.counts();
    const seconds = (performance.now() - before.at) / 1000;
    if (seconds >= 0.5) {
      if (trials > before.trials) rate = Math.round((trials - before.trials) / seconds);
      before = { trials, at: performance.now() };
    }
    return rate;
  };
};
