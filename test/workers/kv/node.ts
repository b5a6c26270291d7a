/** A KV node without a network: the test is its chain, its storage nodes and its queue. */
import type { ChainEvent } from "../../../adapters/chain.ts";
import { silentLog } from "../../../adapters/log.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { fileRootOf, submissionOfBytes } from "../../../protocol/flow.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccakText } from "../../../protocol/keccak.ts";
import { SECTOR_BYTES, SEGMENT_BYTES } from "../../../protocol/params.ts";
import { streamIdOf } from "../../../protocol/stream.ts";
import { type KvDb, openKvDb } from "../../../workers/kv/db.ts";
import { applyEvents, applyReorg } from "../../../workers/kv/log.ts";
import { createReplay, openStreams, type Source } from "../../../workers/kv/replay.ts";
import { readValue } from "../../../workers/kv/values.ts";
import type { ReplayJob } from "../../../workers/route.ts";
import { CHAIN_ID, ENTRANCE } from "../../protocol/sample.ts";

export const DA = { stream: streamIdOf(CHAIN_ID, ENTRANCE), entrance: ENTRANCE };

/** An entry as a test writes it down. */
export interface Submitted {
  readonly sender: Hex;
  readonly tags: Uint8Array;
  readonly payload: Uint8Array;
}

/** Payloads that storage nodes have, by root. */
export type Available = Map<Hex, Uint8Array>;
export const rootOf = (payload: Uint8Array): Hex => fileRootOf(submissionOfBytes(payload).nodes);
export const hold = (available: Available, payload: Uint8Array): void => {
  available.set(rootOf(payload), payload);
};

const place = (block: number, fork: string) => ({
  address: ENTRANCE,
  blockNumber: block,
  blockHash: toHex(keccakText(`block ${block} ${fork}`)),
  transactionHash: toHex(keccakText(`tx ${block} ${fork}`)),
  transactionIndex: 0,
  logIndex: 0,
});

export const submitEvent = (entry: Submitted, txSeq: number, block: number, fork = ""): ChainEvent => {
  const { identity, nodes, sectors, length } = submissionOfBytes(entry.payload);
  const submission = {
    length: BigInt(length),
    tags: toHex(entry.tags),
    nodes: nodes.map(({ root, height }) => ({ root, height: BigInt(height) })),
  };
  const where = { submissionIndex: BigInt(txSeq), startPos: BigInt(1024 * (txSeq + 1)), length: BigInt(sectors) };
  const args = { sender: entry.sender, identity, ...where, submission };
  return { contract: "Flow", name: "Submit", args, ...place(block, fork) };
};

export const daEvent = (name: string, args: Record<string, unknown>, block: number): ChainEvent => ({
  contract: "DAEntrance",
  name,
  args,
  ...place(block, ""),
});

export interface TestNode {
  readonly db: KvDb;
  /** Segments that were asked for. */
  readonly asked: string[];
  apply(...events: ChainEvent[]): Promise<void>;
  reorg(ancestor: number): Promise<void>;
  /** Runs the jobs there are until none can go on. */
  settle(): Promise<void>;
  close(): void;
}

export const openNode = async (dir: string, available: Available, streams?: readonly Hex[]): Promise<TestNode> => {
  const db = await openKvDb(dir, { da: DA, streams });
  const asked: string[] = [];
  const source: Source = {
    roots: async ({ root }) => {
      if (!available.has(root)) throw new ZgError("UnknownFile", { root });
      return new Uint8Array();
    },
    segment: async ({ root, length }, n) => {
      asked.push(`${root}/${n}`);
      const padded = new Uint8Array(Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES);
      padded.set(available.get(root) as Uint8Array);
      return padded.slice(n * SEGMENT_BYTES, (n + 1) * SEGMENT_BYTES);
    },
  };
  const jobs = new Map<string, ReplayJob>();
  const replay = createReplay({
    ...{ db, source, log: silentLog, now: () => 0 },
    enqueue: async (job) => {
      jobs.set(`${job.stream}/${job.txSeq}`, job);
    },
  });
  const wake = async (touched: Iterable<Hex>): Promise<void> => {
    for (const stream of touched) await replay.wake(stream);
  };
  const { signal } = new AbortController();
  return {
    db,
    asked,
    apply: (...events) => wake(applyEvents(db, Number(CHAIN_ID), events)),
    reorg: (ancestor) => wake(applyReorg(db, ancestor)),
    settle: async () => {
      await wake(openStreams(db));
      for (const [name, job] of jobs) {
        jobs.delete(name);
        await replay.run(job, signal);
      }
    },
    close: () => db.sql.close(),
  };
};

/** Everything that must be the same on every node that knows the same log and the same payloads. */
export const stateOf = ({ sql }: KvDb) => ({
  streams: sql.all("SELECT stream, founder, first_seq FROM streams WHERE first_seq >= 0 ORDER BY stream").map(plain),
  verdicts: sql.all("SELECT stream, tx_seq, result FROM verdicts ORDER BY stream, tx_seq").map(plain),
  values: sql
    .all("SELECT k.stream, k.key, v.version, v.at, v.size FROM vals v JOIN keys k ON k.id = v.key_id ORDER BY 1, 2, 3")
    .map((row) => {
      const [key, version, at, size] = [row.key as Uint8Array, Number(row.version), Number(row.at), Number(row.size)];
      const value = readValue(sql, { key, version, at, size }, 0, size);
      return { stream: row.stream, key: toHex(key), version, value: toHex(value) };
    }),
  rights: sql
    .all("SELECT stream, kind, account, key, version, op FROM rights ORDER BY 1, 2, 3, 4, 5")
    .map((row) => plain({ ...row, key: toHex(row.key as Uint8Array) })),
  keys: sql
    .all("SELECT COUNT(*) AS n FROM keys WHERE NOT EXISTS (SELECT 1 FROM vals WHERE key_id = keys.id)")
    .map(plain),
});
const plain = (row: object): Record<string, unknown> => ({ ...row });
export type State = ReturnType<typeof stateOf>;
