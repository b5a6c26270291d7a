/**
 * What the disperser party writes into its bucket: one object per fact, each with one key. A status is never stored;
 * it is computed from the facts (disperser/status.ts), so there is no flag that could be forgotten.
 *
 * Facts marked * are readings of the chain and may be withdrawn by a reorg until finality.
 */
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../protocol/errors.ts";
import type { BlobHeader } from "../protocol/header.ts";
import { type Hex, isHex } from "../protocol/hex.ts";
import { HEADER_VERSION } from "../protocol/params.ts";

const hex = (bytes: number) => z.custom<Hex>((value) => isHex(value, bytes), `0x and ${2 * bytes} hex digits`);
const hash = hex(32);
const count = z.int().nonnegative();
/** Milliseconds since 1970 at which this party wrote the fact down. */
const time = z.int().nonnegative();
const errorCode = z.custom<ErrorCode>((value) => typeof value === "string" && value in ERRORS, "a known error code");

/** Written after the rows: both durable is what 202 means. */
export const Accepted = z.object({
  requestId: hash,
  account: hex(20),
  salt: hash,
  length: z.int().positive(),
  rows: z.int().positive(),
  payloadHash: hash,
  time,
});
export type Accepted = z.infer<typeof Accepted>;

/** Written after `q` and `redundancy`. */
export const Encoded = z.object({
  requestId: hash,
  blobKey: hash,
  dataRoot: hash,
  commitment: hex(48),
  /** rows × 32 bytes, base64. */
  segmentRoots: z.string(),
  time,
});
export type Encoded = z.infer<typeof Encoded>;

/** Terminal, from finalized height only, and create-once. */
export const Verdict = z.object({
  status: z.enum(["FINALIZED", "FAILED", "INSUFFICIENT_SIGNATURES"]),
  batchId: hash.optional(),
  code: errorCode.optional(),
  /** Was the DA fee of a batch spent on this blob? */
  charged: z.boolean(),
  /** Would the same bytes, handed in under another salt, have a chance? */
  retry: z.boolean(),
  block: count.optional(),
  tx: hash.optional(),
  time,
});
export type Verdict = z.infer<typeof Verdict>;

/** All that is needed to submit, upload and confirm a batch. Immutable: the batchId is a hash of it. */
export const BatchPlan = z.object({
  batchId: hash,
  submitter: hex(20),
  attempt: count,
  batchRoot: hash,
  rowsRoot: hash,
  metadataRoot: hash,
  metadataLength: z.int().positive(),
  rowCount: z.int().positive(),
  rowNodes: z.array(hash),
  metadataNodes: z.array(hash),
  blobs: z.array(z.object({ requestId: hash, blobKey: hash, rows: z.int().positive() })).min(1),
  time,
});
export type BatchPlan = z.infer<typeof BatchPlan>;

/** Where in the chain something was seen. */
const mined = { block: count, blockHash: hash, tx: hash, gas: count.optional(), time };
/** * `blockHash` is the seed of the samples. */
export const Submitted = z.object({ ...mined, epoch: count, deadline: count });
export type Submitted = z.infer<typeof Submitted>;
/** * */
export const Confirmed = z.object({
  ...mined,
  signedStake: z.string(),
  totalStake: z.string(),
  rowsTxSeq: count,
  metadataTxSeq: count,
  retainUntil: count,
});
export type Confirmed = z.infer<typeof Confirmed>;
/** * */
export const Failed = z.object(mined);
export type Failed = z.infer<typeof Failed>;
/** The end of a batch, from finalized height. */
export const Closed = z.object({ outcome: z.enum(["finalized", "unavailable"]), time });
export type Closed = z.infer<typeof Closed>;
/** A submission or confirmation that the chain took back. */
export const Reorged = z.object({
  what: z.enum(["submitted", "confirmed", "failed"]),
  block: count,
  blockHash: hash,
  time,
});
export type Reorged = z.infer<typeof Reorged>;

/** What a storage node said to the upload. */
export const NodeAnswer = z.object({
  node: z.string(),
  url: z.string(),
  outcome: z.enum(["staged", "refused", "down"]),
  seed: hash,
  code: z.string().optional(),
  /** The blob a refusal names, if it names one. */
  blobKey: hash.optional(),
  time,
});
export type NodeAnswer = z.infer<typeof NodeAnswer>;

/** What a validator said when it was asked for its signature. */
export const Vote = z.object({
  slot: count,
  socket: z.string(),
  seed: hash,
  outcome: z.enum(["signed", "refused", "garbage", "slow", "down"]),
  /** 256 bytes, as EIP-2537 writes a point of G2; only of the outcome "signed". */
  signature: hex(256).optional(),
  code: z.string().optional(),
  why: z.string().optional(),
  blobKey: hash.optional(),
  time,
});
export type Vote = z.infer<typeof Vote>;

/** A confirmed batch whose bond is still in escrow. */
export const Bond = z.object({ retainUntil: count });

/** A confirmed batch that some node may not have yet. */
export const Replication = z.object({ retainUntil: count });

/** * A cell of a batch of ours that somebody asked for on chain. */
export const Challenge = z.object({
  batchId: hash,
  /** Counted through the batch. */
  row: count,
  column: count,
  /** Last block in which it can be answered. */
  deadline: count,
  block: count,
  logIndex: count,
  time,
  /** Where it was answered, or resolved. */
  ended: z.object({ block: count, logIndex: count }).optional(),
});
export type Challenge = z.infer<typeof Challenge>;

/** * What somebody proved against a batch of ours: a blob of it encodes nothing, or a challenge found no answer. */
export const Flag = z.object({
  batchId: hash,
  what: z.enum(["BlobCorrupt", "Withheld"]),
  /** Of the blob, where it is about one. */
  index: count.optional(),
  reporter: hex(20),
  block: count,
  tx: hash,
  time,
});
export type Flag = z.infer<typeof Flag>;

/** Outbox slots below this are of batches that are closed. */
export const SlotFloor = z.object({ floor: count });

export const headerOf = (accepted: Accepted, encoded: Pick<Encoded, "dataRoot" | "commitment">): BlobHeader => ({
  version: HEADER_VERSION,
  dataRoot: encoded.dataRoot,
  commitment: encoded.commitment,
  length: accepted.length,
  rows: accepted.rows,
  account: accepted.account,
  salt: accepted.salt,
});

/** Every key of the bucket, outbox and cursors excepted (adapters/outbox.ts, adapters/follow.ts). */
export const keys = {
  rows: (requestId: Hex) => `blobs/${requestId}/rows`,
  accepted: (requestId: Hex) => `blobs/${requestId}/accepted.json`,
  encoded: (requestId: Hex) => `blobs/${requestId}/encoded.json`,
  q: (requestId: Hex) => `blobs/${requestId}/q`,
  /** rows × 32 bytes: the root of each row's redundancy half, sent with the row to a node. */
  redundancy: (requestId: Hex) => `blobs/${requestId}/redundancy`,
  verdict: (requestId: Hex) => `blobs/${requestId}/verdict.json`,
  /** Every batch a blob was ever packed into. */
  placements: (requestId: Hex) => `blobs/${requestId}/in/`,
  placement: (requestId: Hex, batchId: Hex) => `blobs/${requestId}/in/${batchId}`,
  /** Blobs without a verdict. */
  pendings: "pending/",
  pending: (requestId: Hex) => `pending/${requestId}`,
  byBlobKey: (blobKey: Hex) => `keys/${blobKey}`,
  /** Batches that are not closed. */
  opens: "open/",
  open: (batchId: Hex) => `open/${batchId}`,
  /** Batches whose bond is still in escrow. */
  bonds: "bonds/",
  bond: (batchId: Hex) => `bonds/${batchId}`,
  /** Confirmed batches that some node may not have yet. */
  replications: "uploads/",
  replication: (batchId: Hex) => `uploads/${batchId}`,
  /** Challenges to our batches that are open, or whose end is not final. */
  challenges: "challenges/",
  challenge: (id: string) => `challenges/${id}`,
  /** By batch: few batches have any. */
  allFlags: "flags/",
  flags: (batchId: Hex) => `flags/${batchId}/`,
  flag: ({ batchId, what, index }: Pick<Flag, "batchId" | "what" | "index">) =>
    `flags/${batchId}/${what}${index === undefined ? "" : `-${index}`}`,
  plan: (batchId: Hex) => `batches/${batchId}/plan.json`,
  metadata: (batchId: Hex) => `batches/${batchId}/metadata`,
  submitted: (batchId: Hex) => `batches/${batchId}/submitted.json`,
  confirmed: (batchId: Hex) => `batches/${batchId}/confirmed.json`,
  failed: (batchId: Hex) => `batches/${batchId}/failed.json`,
  closed: (batchId: Hex) => `batches/${batchId}/closed.json`,
  reorgs: (batchId: Hex) => `batches/${batchId}/reorgs/`,
  reorg: (batchId: Hex, what: Reorged["what"], blockHash: Hex) => `batches/${batchId}/reorgs/${what}-${blockHash}.json`,
  answers: (batchId: Hex) => `batches/${batchId}/nodes/`,
  answer: (batchId: Hex, node: string) => `batches/${batchId}/nodes/${node}.json`,
  votes: (batchId: Hex, seed: Hex) => `batches/${batchId}/votes/${seed}/`,
  vote: (batchId: Hex, seed: Hex, slot: number) =>
    `batches/${batchId}/votes/${seed}/${String(slot).padStart(3, "0")}.json`,
  cursor: "cursor/batcher.json",
  slotFloor: "cursor/slots.json",
} as const;

/** One name for each time that a cell is challenged: a cell may be asked for again after an answer. */
export const challengeId = ({ batchId, row, column, block, logIndex }: Challenge): string =>
  `${batchId}-${row}-${column}-${block}-${logIndex}`;

/** The id at the end of a listed key. */
export const idIn = (key: string): Hex => (key.split("/").at(-1) ?? "").replace(/\.json$/, "") as Hex;
