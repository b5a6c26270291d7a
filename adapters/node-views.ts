/** What a storage node says of files and entries, over the binary API: claims, until the chain and the roots bear them out. */
import { z } from "zod";
import { type Hex, isHex, normalHex } from "../protocol/hex.ts";
import { isShard } from "../protocol/shard.ts";

const MAX_NODES = 64;
const MAX_TAG_DIGITS = 2 + 2 * 65_536;
const MAX_ENTRIES = 100;

const hex = (bytes: number) =>
  z
    .string()
    .refine((value) => isHex(value, bytes), `0x and ${2 * bytes} hex digits`)
    .transform((value) => normalHex(value, bytes));
const count = z.int().nonnegative();
const tags = z
  .string()
  .max(MAX_TAG_DIGITS)
  .refine((value) => isHex(value), "0x and hex digits")
  .transform((value) => value as Hex);

export const ShardView = z.object({ shardId: count, numShard: count }).refine(isShard, "shardId of 2^k shards");

export const FileView = z.object({
  root: hex(32),
  /** Bytes. */
  length: z.int().positive(),
  /** First entry that names the file; null while it is only cached. */
  txSeq: count.nullable(),
  entries: z.array(count).max(MAX_ENTRIES),
  /** First sector of that entry in the log. */
  start: count.nullable(),
  /** After padding. */
  sectors: z.int().positive(),
  /** With data. */
  segments: z.int().positive(),
  /** Every data segment of the node's shard is verified and durable. */
  finalized: z.boolean(),
  pruned: z.boolean(),
  cached: z.boolean(),
  /** Data segments that the node holds. */
  uploaded: count,
  shard: ShardView,
  sender: hex(20).nullable(),
  tags: tags.nullable(),
  block: count.nullable(),
});
export type FileView = z.infer<typeof FileView>;

export const EntryView = z.object({
  txSeq: count,
  /** The authenticated submitter. */
  sender: hex(20),
  identity: hex(32),
  root: hex(32),
  start: count,
  /** After padding. */
  sectors: z.int().positive(),
  /** Bytes. */
  length: z.int().positive(),
  tags,
  nodes: z
    .array(z.object({ root: hex(32), height: z.int().min(0).max(MAX_NODES) }))
    .min(1)
    .max(MAX_NODES),
  block: count,
  transactionHash: hex(32),
  /** finalized: every data segment of the node's shard is verified and durable. */
  state: z.enum(["pending", "finalized"]),
  pruned: z.boolean(),
  /** Data segments that the node holds. */
  uploaded: count,
});
export type EntryView = z.infer<typeof EntryView>;

/** A path is at most as long as the log's tree is high. */
export const SectorProofView = z.object({ lemma: z.array(hex(32)).max(66), path: z.array(z.boolean()).max(64) });
export type SectorProofView = z.infer<typeof SectorProofView>;
