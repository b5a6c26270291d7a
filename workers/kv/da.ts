/** The DA stream's own rule: an entry counts only if it is, byte for byte, the payload of the batch that it confirms. */
import type { Sqlite } from "../../adapters/sqlite.ts";
import { type BatchFacts, checkBatch } from "../../protocol/batchCheck.ts";
import { ZgError } from "../../protocol/errors.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import { equalBytes } from "../../protocol/hex.ts";
import { decodePayload, type PayloadWrite, sourceOf } from "../../protocol/kv/payload.ts";
import { MAX_BLOBS_PER_BATCH, MAX_METADATA_BYTES } from "../../protocol/params.ts";
import { streamPayload, streamPayloadLength } from "../../protocol/stream.ts";
import type { Entry } from "../chain-entry.ts";
import { readPayload } from "./payloads.ts";

const MAX_BYTES = streamPayloadLength(MAX_METADATA_BYTES, MAX_BLOBS_PER_BATCH);

/** The writes of a confirmed batch's metadata entry; throws a named error where the entry is anything else. */
export const daWrites = (sql: Sqlite, entry: Entry): readonly PayloadWrite[] => {
  const row = sql.get(
    "SELECT b.facts FROM confirmed c JOIN batches b ON b.batch_id = c.batch_id WHERE c.tx_seq = ?",
    entry.txSeq,
  );
  if (row === undefined) throw new ZgError("UnknownBatch", { txSeq: entry.txSeq });
  if (entry.length > MAX_BYTES) throw new ZgError("BatchTooLarge", { length: entry.length });
  const facts = JSON.parse(String(row.facts)) as BatchFacts;
  const bytes = readPayload(sql, entry, 0, entry.length);
  const { writes } = decodePayload(sourceOf(bytes));
  const [first] = writes;
  if (first === undefined) throw new ZgError("BadMetadata", { why: "no writes" });
  const metadata = bytes.slice(first.at, first.at + first.size);
  const { headers } = checkBatch(metadata, facts);
  const canonical = streamPayload(facts.streamId, facts.batchId, metadata, headers.map(blobKeyOf));
  if (!equalBytes(canonical, bytes)) throw new ZgError("BadMetadata", { why: "not the batch's payload" });
  return writes;
};
