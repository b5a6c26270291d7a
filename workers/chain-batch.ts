/** A batch as its `BatchSubmitted` names it: what storage nodes and validators hold everything else against. */
import { z } from "zod";
import type { ChainEvent } from "../adapters/chain.ts";
import { batchIdOf } from "../protocol/batch.ts";
import type { BatchFacts } from "../protocol/batchCheck.ts";
import { ZgError } from "../protocol/errors.ts";
import { submissionOfBytes } from "../protocol/flow.ts";
import { type Hex, isHex, normalHex } from "../protocol/hex.ts";
import { keccakHex } from "../protocol/keccak.ts";
import { metadataLength } from "../protocol/metadata.ts";
import { HASH_BYTES, HEADER_BYTES, PROOFS_BYTES } from "../protocol/params.ts";
import { streamIdOf, streamPayload, streamPayloadLength } from "../protocol/stream.ts";

const hex = (bytes: number) => z.custom<Hex>((value) => isHex(value, bytes), `0x and ${2 * bytes} hex digits`);
const count = z.int().nonnegative();

export const ChainBatch = z.object({
  facts: z.object({
    batchId: hex(32),
    streamId: hex(32),
    submitter: hex(20),
    attempt: count,
    batchRoot: hex(32),
    rowsRoot: hex(32),
    metadataRoot: hex(32),
    metadataLength: count,
    blobCount: z.int().positive(),
    rowCount: z.int().positive(),
  }),
  epoch: count,
  /** Block of the submission and its hash, which is the seed of the samples. */
  block: count,
  seed: hex(32),
  /** Last block in which the batch can be confirmed. */
  deadline: count,
});
export type ChainBatch = z.infer<typeof ChainBatch>;

export interface Entrance {
  readonly chainId: number;
  readonly entrance: Hex;
  /** Blocks after the submission in which a batch can be confirmed. */
  readonly confirmWindow: number;
}

const Submitted = z.object({
  batchId: hex(32),
  submitter: z.custom<Hex>((value) => isHex(value, 20)),
  epoch: z.bigint(),
  commitment: z.object({
    batchRoot: hex(32),
    rowsRoot: hex(32),
    metadataRoot: hex(32),
    blobCount: z.bigint(),
    rowCount: z.bigint(),
    metadataLength: z.bigint(),
    attempt: z.bigint(),
  }),
});

/** The batch of a `BatchSubmitted`; its id is recomputed, so a chain that answers nonsense is noticed here. */
export const chainBatchOf = (event: ChainEvent, { chainId, entrance, confirmWindow }: Entrance): ChainBatch => {
  const parsed = Submitted.safeParse(event.args);
  if (!parsed.success) throw new ZgError("BadResponse", { what: "BatchSubmitted", tx: event.transactionHash });
  const { batchId, submitter, epoch, commitment } = parsed.data;
  const facts: BatchFacts = {
    batchId: normalHex(batchId, 32),
    streamId: streamIdOf(BigInt(chainId), entrance),
    submitter: normalHex(submitter, 20),
    attempt: Number(commitment.attempt),
    batchRoot: normalHex(commitment.batchRoot, 32),
    rowsRoot: normalHex(commitment.rowsRoot, 32),
    metadataRoot: normalHex(commitment.metadataRoot, 32),
    metadataLength: Number(commitment.metadataLength),
    blobCount: Number(commitment.blobCount),
    rowCount: Number(commitment.rowCount),
  };
  const own = batchIdOf({ chainId: BigInt(chainId), entrance, ...facts });
  if (own !== facts.batchId) throw new ZgError("BadResponse", { what: "batchId", batchId: facts.batchId, own });
  const block = event.blockNumber;
  return { facts, epoch: Number(epoch), block, seed: normalHex(event.blockHash, 32), deadline: block + confirmWindow };
};

/** The batchId of any event of DAEntrance that is about one batch. */
export const batchIdIn = (event: ChainEvent): Hex | undefined =>
  isHex(event.args.batchId, 32) ? normalHex(event.args.batchId, 32) : undefined;

/** The same content: rows, metadata and all that was learned of them stay valid when a reorg moved the submission. */
export const sameContent = (a: ChainBatch, b: ChainBatch): boolean =>
  a.facts.batchId === b.facts.batchId &&
  a.facts.metadataRoot === b.facts.metadataRoot &&
  a.facts.metadataLength === b.facts.metadataLength;

/** Bytes of the metadata of a batch with these counts; its only possible length. */
export const metadataBytesOf = ({ blobCount, rowCount }: BatchFacts): number => metadataLength(blobCount, rowCount);

/**
 * Are these the very bytes whose root the chain recorded, canonical or not? It tells a peer that lies (they are not)
 * from a batch that is bad (they are, and the checks refuse them): only the second is a verdict about the batch.
 */
export const isRecorded = (bytes: Uint8Array, facts: BatchFacts): boolean => {
  const { blobCount, rowCount } = facts;
  if (bytes.length !== metadataBytesOf(facts)) return false;
  if (streamPayloadLength(bytes.length, blobCount) !== facts.metadataLength) return false;
  const headers = bytes.length - PROOFS_BYTES - rowCount * HASH_BYTES - blobCount * HEADER_BYTES;
  const blobKeys = Array.from({ length: blobCount }, (_, index) => {
    const at = headers + index * HEADER_BYTES;
    return keccakHex(bytes.subarray(at, at + HEADER_BYTES));
  });
  const payload = streamPayload(facts.streamId, facts.batchId, bytes, blobKeys);
  return submissionOfBytes(payload).identity === facts.metadataRoot;
};
