/** What the chain says of the log and its contexts becomes rows; what it takes back is taken out of them. */
import { z } from "zod";
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Transaction } from "../../adapters/store.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex, normalHex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { NO_MINING } from "../../protocol/pora.ts";
import { SECTORS_PER_SEAL } from "../../protocol/seal.ts";
import { entryOf } from "../chain-entry.ts";
import { type Context, keyOf, lastOf, lengthOf, type MinerDb, type Place, sealedLengthOf } from "./db.ts";
import { ABSENT } from "./load-record.ts";

const hash = z.custom<Hex>((value) => isHex(value, 32)).transform((value) => normalHex(value, 32));
const count = z
  .bigint()
  .refine((value) => value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform(Number);
const NewEpoch = z.object({ index: count, flowLength: count, context: hash });
const Reward = z.object({ minerId: hash, amount: z.bigint() });

/** Events in chain order, in one transaction. They may be repeated after a crash. */
export const applyEvents = (db: MinerDb, events: readonly ChainEvent[]): Promise<void> =>
  db.store.write((tx) => {
    const known = lastOf(db, "entries");
    const at = { next: known === undefined ? 0 : known.txSeq + 1, length: lengthOf(db), sealed: sealedLengthOf(db) };
    for (const event of events) {
      if (event.contract === "Flow" && event.name === "Submit") applySubmit(db, tx, event, at);
      if (event.contract === "Flow" && event.name === "NewEpoch") applyEpoch(db, tx, event, at);
      if (event.contract === "ChunkLinearReward" && event.name === "DistributeReward") applyReward(db, tx, event);
    }
  });

interface Tip {
  next: number;
  length: number;
  sealed: number;
}

const applySubmit = (db: MinerDb, tx: Transaction, event: ChainEvent, tip: Tip): void => {
  const { txSeq, start, sectors, length, root, block } = entryOf(event);
  if (txSeq < tip.next) return;
  if (txSeq > tip.next || start < tip.length) {
    throw new ZgError("BadResponse", { what: "a gap in the log", expected: tip.next, txSeq, start });
  }
  db.put(tx, "entries", keyOf(start), { txSeq, start, sectors, length, root, block: block.number });
  [tip.next, tip.length] = [txSeq + 1, start + sectors];
};

const applyEpoch = (db: MinerDb, tx: Transaction, event: ChainEvent, tip: Tip): void => {
  const parsed = NewEpoch.safeParse(event.args);
  if (!parsed.success) throw new ZgError("BadResponse", { what: "NewEpoch", tx: event.transactionHash });
  const { index: epoch, flowLength: end, context: digest } = parsed.data;
  // What an epoch without mining would have sealed is sealed with the next one.
  if (digest === NO_MINING || end === tip.sealed) return;
  if (db.read(tx, "contexts", keyOf(end))?.digest === digest) return;
  if (end < tip.sealed)
    throw new ZgError("BadResponse", { what: "a context before the last", end, sealed: tip.sealed });
  db.put(tx, "contexts", keyOf(end), { digest, epoch, start: tip.sealed, end, block: event.blockNumber });
  tip.sealed = end;
};

const applyReward = (db: MinerDb, tx: Transaction, event: ChainEvent): void => {
  const parsed = Reward.safeParse(event.args);
  if (!parsed.success) throw new ZgError("BadResponse", { what: "DistributeReward", tx: event.transactionHash });
  if (parsed.data.minerId !== db.minerId()) return;
  const { blockNumber: block, logIndex } = event;
  db.put(tx, "paid", `${keyOf(block)}/${keyOf(logIndex)}`, { block, wei: String(parsed.data.amount) });
};

/** Takes back what came from blocks above `ancestor`. Returns the loads of which something is not sealed any more. */
export const applyReorg = (db: MinerDb, ancestor: number): Promise<number[]> =>
  db.store.write((tx) => {
    for (const [key] of above(db, "entries", ancestor)) tx.delete("entries", key);
    for (const [key, { block }] of db.rows("paid", { start: keyOf(ancestor + 1) })) {
      if (block > ancestor) tx.delete("paid", key);
    }
    const gone: Context[] = [];
    for (const [key, context] of above(db, "contexts", ancestor)) {
      tx.delete("contexts", key);
      gone.push(context);
    }
    const digests = new Set(gone.map(({ digest }) => digest));
    for (const [key, hit] of db.rows("hits")) {
      if (digests.has(hit.contextDigest)) db.put(tx, "hits", key, { ...hit, dropped: "reorg" });
    }
    return gone.length === 0 ? [] : unsealFrom(db, tx, gone.at(-1)?.start ?? 0);
  });

function* above<Name extends "entries" | "contexts">(db: MinerDb, table: Name, ancestor: number) {
  for (const row of db.rows(table, { reverse: true })) {
    if ((row[1] as Place | Context).block <= ancestor) return;
    yield row;
  }
}

/** Seals are of the context that sealed their last sector; what that context sealed may be other data now. */
const unsealFrom = (db: MinerDb, tx: Transaction, sector: number): number[] => {
  const first = Math.floor(sector / SECTORS_PER_SEGMENT);
  const touched: number[] = [];
  for (const [key, load] of db.rows("loads", { start: keyOf(first) })) {
    const from = Number(key) * SECTORS_PER_SEGMENT;
    const seals = load.seals.map((of, i) => (from + (i + 1) * SECTORS_PER_SEAL > sector ? ABSENT : of));
    db.put(tx, "loads", key, { ...load, seals });
    touched.push(Number(key));
  }
  return touched;
};
