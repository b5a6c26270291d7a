/**
 * The table of contents: every edge a blob travels, in the order it travels them.
 *
 * A worker subscribes to edges by name and never imports another worker: they meet here (types) and in Redis, the
 * bucket and the chain (data). Jobs carry ids, never bytes. Redis is a convenience: each edge names the durable record
 * from which `reconcile` makes its job again, so that an emptied Redis costs time and nothing else.
 */
import type { Hex } from "../protocol/hex.ts";

/** How sure the chain must be of an event before the edge acts on it. */
export type Finality = "none" | "latest" | "confirmed" | "finalized";

/** Who owns the queue. No party takes a job of another: each has a Redis prefix (or a Redis) of its own. */
export type Party = "disperser" | "storage" | "validator" | "kv" | "miner";

/** One edge: what sets it off, who acts, on which id, and where it can be found again when Redis forgot it. */
export interface Edge<Payload> {
  readonly name: string;
  readonly trigger: string;
  readonly party: Party;
  readonly worker: string;
  readonly effect: string;
  /** The durable record behind the job; `reconcile` adds a job for each that is not terminal. */
  readonly record: string;
  readonly finality: Finality;
  /** Attempts of one job; after the last the reconciler decides whether there will be another job. */
  readonly attempts: number;
  /** First retry after this many ms, doubling. */
  readonly backoffMs: number;
  readonly concurrency: number;
  /** Equal ids are one job. Never contains ":" and is never all digits (BullMQ). */
  readonly jobId: (payload: Payload) => string;
}

export interface BlobJob {
  readonly requestId: Hex;
}
export interface BatchJob {
  readonly batchId: Hex;
}
/** A challenge to a cell of a batch, by its name in the bucket. */
export interface RespondJob {
  readonly challenge: string;
}
/** One storage node's share of an upload, so that a slow node holds up nobody else. */
export interface UploadJob extends BatchJob {
  readonly node: string;
}
/** A batch as one block's hash seeded it: after a reorg the same batch is a new job. */
export interface SampleJob extends BatchJob {
  readonly seed: Hex;
}
/** An entry that a stream of the key-value layer has no verdict on. */
export interface ReplayJob {
  readonly stream: Hex;
  readonly txSeq: number;
}
/** An entry of the log; a batch goes by that of its rows. */
export interface SyncJob {
  readonly txSeq: number;
}
/** A load of the log: 1024 sectors, counted from its beginning. */
export interface SealJob {
  readonly load: number;
}
/** A hit of a miner, by its quality. */
export interface AnswerJob {
  readonly quality: Hex;
}
/** The disperser party's timer-driven edges have one standing job each. */
export type NoPayload = Readonly<Record<string, never>>;

const edge = <Payload>(e: Edge<Payload>): Edge<Payload> => e;

export const route = {
  encode: edge<BlobJob>({
    name: "encode",
    trigger: "blob accepted",
    party: "disperser",
    worker: "encoder",
    effect: "dataRoot, segment roots, commitment and Q_b in the bucket",
    record: "blobs/<requestId>/accepted.json",
    finality: "none",
    attempts: 5,
    backoffMs: 200,
    concurrency: 2,
    jobId: ({ requestId }) => `encode-${requestId}`,
  }),
  batch: edge<NoPayload>({
    name: "batch",
    trigger: "blob encoded, or timer",
    party: "disperser",
    worker: "batcher",
    effect: "batch record and its plan in the next outbox slot",
    record: "pending/<requestId>",
    finality: "none",
    attempts: 3,
    backoffMs: 200,
    concurrency: 1,
    jobId: () => "batch-next",
  }),
  send: edge<NoPayload>({
    name: "send",
    trigger: "outbox",
    party: "disperser",
    worker: "sender",
    effect: "transaction, receipt, replacement",
    record: "outbox/<address>/<nonce>.json",
    finality: "latest",
    attempts: 3,
    backoffMs: 200,
    concurrency: 1,
    jobId: () => "send-next",
  }),
  upload: edge<UploadJob>({
    name: "upload",
    trigger: "BatchSubmitted",
    party: "disperser",
    worker: "batcher",
    effect: "rows and metadata pushed until the node acknowledges, or deadline or retention end",
    record: "batches/<batchId>/plan.json; once confirmed, uploads/<batchId>",
    finality: "latest",
    attempts: 20,
    backoffMs: 100,
    concurrency: 4,
    jobId: ({ batchId, node }) => `upload-${batchId}-${node}`,
  }),
  store: edge<BatchJob>({
    name: "store",
    trigger: "BatchSubmitted",
    party: "storage",
    worker: "storage",
    effect: "rows extended, verified and staged durably",
    record: "batch in the node's store, not staged",
    finality: "confirmed",
    attempts: 20,
    backoffMs: 100,
    concurrency: 2,
    jobId: ({ batchId }) => `store-${batchId}`,
  }),
  sample: edge<SampleJob>({
    name: "sample",
    trigger: "BatchSubmitted",
    party: "validator",
    worker: "validator",
    effect: "samples fetched and verified, signature kept and given out on request",
    record: "batch in the validator's store, not signed",
    finality: "confirmed",
    attempts: 20,
    backoffMs: 100,
    concurrency: 2,
    jobId: ({ batchId, seed }) => `sample-${batchId}-${seed}`,
  }),
  audit: edge<BatchJob>({
    name: "audit",
    trigger: "BatchConfirmed",
    party: "validator",
    worker: "validator",
    effect: "the cell that the audit asks of this validator shown on chain, before its window ends",
    record: "batch in the validator's store, signed and confirmed, audit open",
    finality: "confirmed",
    attempts: 20,
    backoffMs: 200,
    concurrency: 2,
    jobId: ({ batchId }) => `audit-${batchId}`,
  }),
  lottery: edge<BatchJob>({
    name: "lottery",
    trigger: "BatchConfirmed at finalized height",
    party: "validator",
    worker: "validator",
    effect: "winning tickets among its samples claimed, where they are worth the gas",
    record: "batch in the validator's store, signed and confirmed, lottery open",
    finality: "finalized",
    attempts: 20,
    backoffMs: 500,
    concurrency: 2,
    jobId: ({ batchId }) => `lottery-${batchId}`,
  }),
  accuse: edge<BatchJob>({
    name: "accuse",
    trigger: "audit window passed",
    party: "validator",
    worker: "validator",
    effect: "signers that were asked and stayed silent slashed",
    record: "batch in the validator's store, confirmed, not yet looked over",
    finality: "latest",
    attempts: 20,
    backoffMs: 500,
    concurrency: 1,
    jobId: ({ batchId }) => `accuse-${batchId}`,
  }),
  lease: edge<NoPayload>({
    name: "lease",
    trigger: "timer",
    party: "validator",
    worker: "validator",
    effect: "own lease renewed, dead validators lapsed, credit withdrawn when it is worth the gas",
    record: "the chain: leases and credits",
    finality: "latest",
    attempts: 3,
    backoffMs: 500,
    concurrency: 1,
    jobId: () => "lease-next",
  }),
  collect: edge<BatchJob>({
    name: "collect",
    trigger: "BatchSubmitted",
    party: "disperser",
    worker: "batcher",
    effect: "every validator asked, each signature checked, confirmBatch planned at > 2/3 of the stake",
    record: "batches/<batchId>/submitted.json, neither confirmed nor closed",
    finality: "latest",
    attempts: 20,
    backoffMs: 100,
    concurrency: 4,
    jobId: ({ batchId }) => `collect-${batchId}`,
  }),
  settle: edge<BatchJob>({
    name: "settle",
    trigger: "BatchConfirmed",
    party: "storage",
    worker: "storage",
    effect: "staging moved into log and KV",
    record: "batch in the node's store, confirmed, not settled",
    finality: "confirmed",
    attempts: 10,
    backoffMs: 100,
    concurrency: 2,
    jobId: ({ batchId }) => `settle-${batchId}`,
  }),
  sync: edge<SyncJob>({
    name: "sync",
    trigger: "Submit, after a while",
    party: "storage",
    worker: "storage",
    effect: "what its uploader did not bring fetched from other nodes, verified against the entry",
    record: "entry in the node's log, not finalized",
    finality: "confirmed",
    attempts: 3,
    backoffMs: 1_000,
    concurrency: 4,
    jobId: ({ txSeq }) => `sync-${txSeq}`,
  }),
  finalize: edge<BatchJob>({
    name: "finalize",
    trigger: "BatchConfirmed at finalized height",
    party: "disperser",
    worker: "batcher",
    effect: "FINALIZED written, pending markers removed",
    record: "batches/<batchId>/confirmed.json, not closed",
    finality: "finalized",
    attempts: 10,
    backoffMs: 200,
    concurrency: 2,
    jobId: ({ batchId }) => `finalize-${batchId}`,
  }),
  fail: edge<BatchJob>({
    name: "fail",
    trigger: "deadline passed",
    party: "disperser",
    worker: "batcher",
    effect: "failBatch planned; its blobs packed again, or ended",
    record: "batches/<batchId>/submitted.json past its deadline, not closed",
    finality: "latest",
    attempts: 10,
    backoffMs: 200,
    concurrency: 2,
    jobId: ({ batchId }) => `fail-${batchId}`,
  }),
  respond: edge<RespondJob>({
    name: "respond",
    trigger: "Challenged, of a batch of ours",
    party: "disperser",
    worker: "batcher",
    effect: "the cell found, verified and shown on chain; what that earned taken out",
    record: "challenges/<batchId>-<row>-<column>-<block>-<logIndex>",
    finality: "latest",
    attempts: 20,
    backoffMs: 100,
    concurrency: 4,
    jobId: ({ challenge }) => `respond-${challenge}`,
  }),
  release: edge<BatchJob>({
    name: "release",
    trigger: "retention over",
    party: "disperser",
    worker: "batcher",
    effect: "withdrawBond planned, then the withdrawal of the credit",
    record: "bonds/<batchId>",
    finality: "finalized",
    attempts: 10,
    backoffMs: 200,
    concurrency: 1,
    jobId: ({ batchId }) => `release-${batchId}`,
  }),
  replay: edge<ReplayJob>({
    name: "replay",
    trigger: "Submit",
    party: "kv",
    worker: "kv",
    effect: "payload fetched from storage nodes, judged in the order of its streams",
    record: "entry of a stream in the KV node's database, without a verdict",
    finality: "confirmed",
    attempts: 20,
    backoffMs: 100,
    concurrency: 8,
    jobId: ({ stream, txSeq }) => `replay-${stream}-${txSeq}`,
  }),
  roll: edge<NoPayload>({
    name: "roll",
    trigger: "a mining epoch passed, and nobody began the next",
    party: "miner",
    worker: "miner",
    effect: "makeContext planned, by one miner after the other",
    record: "the chain: epoch of the last context",
    finality: "latest",
    attempts: 3,
    backoffMs: 200,
    concurrency: 1,
    jobId: () => "roll-next",
  }),
  seal: edge<SealJob>({
    name: "seal",
    trigger: "NewEpoch",
    party: "miner",
    worker: "miner",
    effect: "a load's data fetched from storage nodes, verified, and sealed for this miner",
    record: "load that contexts have sealed, without seals in the miner's store",
    finality: "confirmed",
    attempts: 20,
    backoffMs: 200,
    concurrency: 2,
    jobId: ({ load }) => `seal-${load}`,
  }),
  mine: edge<NoPayload>({
    name: "mine",
    trigger: "every block",
    party: "miner",
    worker: "miner",
    effect: "threads try nonces while the miner's window is open; each hit is written down",
    record: "the chain: context and window of the epoch",
    finality: "latest",
    attempts: 3,
    backoffMs: 200,
    concurrency: 1,
    jobId: () => "mine-next",
  }),
  answer: edge<AnswerJob>({
    name: "answer",
    trigger: "hit",
    party: "miner",
    worker: "miner",
    effect: "proof fetched, profit checked, PoraMine.submit planned",
    record: "hit in the miner's store, neither planned nor dropped",
    finality: "latest",
    attempts: 20,
    backoffMs: 100,
    concurrency: 4,
    jobId: ({ quality }) => `answer-${quality}`,
  }),
  claim: edge<NoPayload>({
    name: "claim",
    trigger: "timer",
    party: "miner",
    worker: "miner",
    effect: "what the beneficiary is owed withdrawn, when it is worth the gas",
    record: "the chain: payments of the beneficiary",
    finality: "latest",
    attempts: 3,
    backoffMs: 200,
    concurrency: 1,
    jobId: () => "claim-next",
  }),
} as const;

export type EdgeName = keyof typeof route;
export type PayloadOf<Name extends EdgeName> = (typeof route)[Name] extends Edge<infer P> ? P : never;

/** The edges one worker must handle; start-up refuses a process that leaves one of them without a handler. */
export const edgesOf = (worker: string): EdgeName[] =>
  (Object.keys(route) as EdgeName[]).filter((name) => route[name].worker === worker);
