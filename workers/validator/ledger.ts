/**
 * What a validator keeps. The outcome of a batch and its samples are durable before anybody hears of them.
 *
 *   batches   <batchId>            record (JSON)
 *   outcomes  <batchId>/<seed>     signature or refusal (JSON), write-once
 *   metadata  <batchId>            canonical metadata, verified
 *   blobs     <blobKey>            the batch whose metadata names it last, and where (JSON)
 *   samples   <batchId>/<column>   frame of a whole column, verified
 *   evidence  <batchId>            frame of a column that hashes to the recorded roots and is bad, and why
 */
import { openStore, type Store, type Transaction } from "../../adapters/store.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import { concat, type Hex } from "../../protocol/hex.ts";
import { decodeMetadata } from "../../protocol/metadata.ts";
import { COLUMNS } from "../../protocol/params.ts";
import { type ChainBatch, sameContent } from "../chain-batch.ts";
import { Outcome, Sampling } from "./record.ts";

export const TABLES = ["batches", "outcomes", "metadata", "blobs", "samples", "evidence", "cursor"] as const;

export interface Evidence {
  readonly column: number;
  readonly code: string;
  readonly frame: Uint8Array;
}

export interface Place {
  readonly batchId: Hex;
  readonly index: number;
}

export interface Ledger {
  readonly store: Store;
  all(): Iterable<Sampling>;
  find(batchId: Hex): Sampling | undefined;
  /** Reads the record in the transaction that changes it. `change` returns the record unchanged to do nothing. */
  update(
    batchId: Hex,
    change: (known: Sampling | undefined, tx: Transaction) => Sampling | undefined,
  ): Promise<Sampling | undefined>;
  /** The first decision under a seed stands: what was decided is returned, be it this one or an earlier one. */
  decide(batchId: Hex, seed: Hex, outcome: Outcome): Promise<Outcome>;
  metadata(batchId: Hex): Uint8Array | undefined;
  /** Where a blob is, if its batch's metadata is kept. */
  place(blobKey: Hex): Place | undefined;
  /** What was verified for a content is kept only while the record is of that content. */
  putMetadata(batch: ChainBatch, bytes: Uint8Array): Promise<void>;
  sample(batchId: Hex, column: number): Uint8Array | undefined;
  putSample(batch: ChainBatch, column: number, frame: Uint8Array): Promise<void>;
  samples(batchId: Hex): number[];
  evidence(batchId: Hex): Evidence | undefined;
  putEvidence(batch: ChainBatch, evidence: Evidence): Promise<void>;
  close(): Promise<void>;
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString("utf8"));
const sampleKey = (batchId: Hex, column: number): string => `${batchId}/${String(column).padStart(3, "0")}`;
const outcomeKey = (batchId: Hex, seed: Hex): string => `${batchId}/${seed}`;

export const openLedger = async (dir: string): Promise<Ledger> => {
  const store = await openStore(dir, { tables: TABLES });
  const table = (name: (typeof TABLES)[number]) => store.table(name);
  const records = new Map<Hex, Sampling>();
  for (const { key, value } of table("batches").range()) records.set(key as Hex, Sampling.parse(parse(value)));

  const update: Ledger["update"] = async (batchId, change) => {
    const next = await store.write((tx) => {
      const bytes = tx.get("batches", batchId);
      const known = bytes === undefined ? undefined : Sampling.parse(parse(bytes));
      const changed = change(known, tx);
      if (changed !== undefined && changed !== known) tx.put("batches", batchId, json(changed));
      return changed;
    });
    if (next !== undefined) records.set(batchId, next);
    return next;
  };
  const writeFor = (batch: ChainBatch, change: (tx: Transaction) => void): Promise<void> =>
    store.write((tx) => {
      const known = tx.get("batches", batch.facts.batchId);
      if (known !== undefined && sameContent(Sampling.parse(parse(known)).batch, batch)) change(tx);
    });
  const putFor = (batch: ChainBatch, name: (typeof TABLES)[number], id: string, bytes: Uint8Array): Promise<void> =>
    writeFor(batch, (tx) => tx.put(name, id, bytes));

  return {
    store,
    all: () => records.values(),
    find: (batchId) => records.get(batchId),
    update,
    decide: async (batchId, seed, outcome) => {
      let standing: Outcome = outcome;
      await update(batchId, (known, tx) => {
        standing = outcomeIn(tx, batchId, seed) ?? outcome;
        tx.put("outcomes", outcomeKey(batchId, seed), json(standing));
        return known?.onChain && known.batch.seed === seed ? { ...known, outcome: standing } : known;
      });
      return standing;
    },
    metadata: (batchId) => table("metadata").get(batchId),
    place: (blobKey) => {
      const bytes = table("blobs").get(blobKey);
      return bytes === undefined ? undefined : (parse(bytes) as Place);
    },
    putMetadata: (batch, bytes) =>
      writeFor(batch, (tx) => {
        const { batchId } = batch.facts;
        tx.put("metadata", batchId, bytes);
        for (const [index, blobKey] of blobKeysIn(bytes).entries()) tx.put("blobs", blobKey, json({ batchId, index }));
      }),
    sample: (batchId, column) => table("samples").get(sampleKey(batchId, column)),
    putSample: (batch, column, frame) => putFor(batch, "samples", sampleKey(batch.facts.batchId, column), frame),
    samples: (batchId) =>
      [...table("samples").keys({ prefix: `${batchId}/` })].map((key) => Number(key.slice(key.indexOf("/") + 1))),
    evidence: (batchId) => {
      const bytes = table("evidence").get(batchId);
      if (bytes === undefined) return undefined;
      const length = Buffer.from(bytes).readUInt32BE(0);
      const head = parse(bytes.subarray(4, 4 + length)) as { column: number; code: string };
      return { ...head, frame: bytes.subarray(4 + length) };
    },
    putEvidence: (batch, { frame, ...about }) => {
      const head = json(about);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(head.length);
      return putFor(batch, "evidence", batch.facts.batchId, concat(length, head, frame));
    },
    close: () => store.close(),
  };
};

/** What was decided about a batch under a seed, in the transaction that depends on it. */
export const outcomeIn = (tx: Transaction, batchId: Hex, seed: Hex): Outcome | null => {
  const bytes = tx.get("outcomes", outcomeKey(batchId, seed));
  return bytes === undefined ? null : Outcome.parse(parse(bytes));
};

const blobKeysIn = (metadata: Uint8Array): Hex[] => decodeMetadata(metadata).headers.map(blobKeyOf);

/** Deletes metadata and samples; outcomes and evidence are small in number and stay. */
export const wipe = (tx: Transaction, batchId: Hex): void => {
  for (let column = 0; column < COLUMNS; column++) tx.delete("samples", sampleKey(batchId, column));
  const metadata = tx.get("metadata", batchId);
  if (metadata === undefined) return;
  for (const blobKey of blobKeysIn(metadata)) {
    const place = tx.get("blobs", blobKey);
    if (place !== undefined && (parse(place) as Place).batchId === batchId) tx.delete("blobs", blobKey);
  }
  tx.delete("metadata", batchId);
};
