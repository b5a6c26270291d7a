/** Which loads have something to be sealed: found by looking, some at a time, so that no list of them can be lost. */
import { SEALS_PER_LOAD } from "../../protocol/seal.ts";
import type { Shard } from "../../protocol/shard.ts";
import { contextsIn, keyOf, type MinerDb } from "./db.ts";
import { EMPTY } from "./load-record.ts";
import { firstLoad, toSeal } from "./plan.ts";
import type { Vault } from "./vault.ts";

export interface ScanDeps {
  readonly db: MinerDb;
  readonly vault: Pick<Vault, "record">;
  readonly shard: Shard;
}

export interface Loads {
  readonly from: number;
  readonly to: number;
}

/** Loads looked at in one step; a step of complete ones takes some milliseconds. */
const LOOKED_AT = 1_024;

/** Goes round through the loads that contexts have sealed something of. */
export const createScan = ({ db, vault, shard }: ScanDeps) => {
  let at = 0;
  /** At most `limit` of loads [from, to) that want sealing. */
  return (limit: number, { from, to: end }: Loads): number[] => {
    const lowest = firstLoad(shard, from);
    const found: number[] = [];
    if (at < lowest || at >= end) at = lowest;
    const began = at;
    for (let looked = 0; looked < LOOKED_AT && found.length < limit && at < end; looked++) {
      if (toSeal(at, vault.record(at), contextsIn(db, at)).length > 0) found.push(at);
      at += shard.numShard;
      if (at >= end && began > lowest) at = lowest;
      if (at === began) break;
    }
    return found;
  };
};

/** Gives up what is sealed of loads below `load`: nobody pays for them any more. */
export const prune = async (db: MinerDb, vault: Vault, load: number): Promise<number> => {
  let freed = 0;
  for (const [key, { slot }] of db.rows("loads", { end: keyOf(load) })) {
    if (slot === null) continue;
    await db.store.write((tx) => {
      const seals = new Array<number>(SEALS_PER_LOAD).fill(EMPTY);
      db.put(tx, "loads", key, { slot: null, contexts: [], seals });
    });
    // The threads are told before the slot can become another load's.
    vault.show(Number(key));
    vault.free(slot);
    freed += 1;
  }
  return freed;
};
