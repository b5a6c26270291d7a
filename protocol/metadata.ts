import { ZgError } from "./errors.ts";
import { type BlobHeader, blobKeyOf, checkHeader, decodeHeader, encodeHeader } from "./header.ts";
import { fromHex, type Hex, toHex } from "./hex.ts";
import {
  HASH_BYTES,
  HEADER_BYTES,
  MAX_BLOBS_PER_BATCH,
  MAX_METADATA_BYTES,
  MAX_ROWS_PER_BATCH,
  METADATA_VERSION,
  PROOFS_BYTES,
} from "./params.ts";

/** All that is recorded of a batch besides its rows. */
export interface Metadata {
  readonly submitter: Hex;
  readonly attempt: number;
  readonly headers: readonly BlobHeader[];
  /** rowCount × 32 bytes: the segment root of each row of the batch. */
  readonly segmentRoots: Uint8Array;
  /** 128 × 48 bytes: the KZG proof of each column. */
  readonly proofs: Uint8Array;
}

const MAGIC = Buffer.from("0GDA");
const SUBMITTER = 6;
const ATTEMPT = 26;
const BLOB_COUNT = 30;
const ROW_COUNT = 34;
const HEADERS = 38;

/** Bytes of the metadata of a batch, before anything is built. */
export function metadataLength(blobCount: number, rowCount: number): number {
  return HEADERS + blobCount * HEADER_BYTES + rowCount * HASH_BYTES + PROOFS_BYTES;
}

/** `"0GDA" | u16 version | submitter | u32 attempt | u32 blobs | u32 rows | headers | segment roots | 128 proofs`. */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const { headers, segmentRoots, proofs } = metadata;
  const rowCount = segmentRoots.length / HASH_BYTES;
  if (proofs.length !== PROOFS_BYTES) throw new ZgError("BadMetadata", { why: "proofs", length: proofs.length });
  const out = new Uint8Array(metadataLength(headers.length, rowCount));
  const view = new DataView(out.buffer);
  out.set(MAGIC);
  view.setUint16(4, METADATA_VERSION);
  out.set(fromHex(metadata.submitter, 20), SUBMITTER);
  view.setUint32(ATTEMPT, metadata.attempt);
  view.setUint32(BLOB_COUNT, headers.length);
  view.setUint32(ROW_COUNT, rowCount);
  let at = HEADERS;
  for (const header of headers) {
    out.set(encodeHeader(header), at);
    at += HEADER_BYTES;
  }
  out.set(segmentRoots, at);
  out.set(proofs, at + segmentRoots.length);
  return out;
}

/**
 * Strict: one spelling per content. Lengths are compared before anything is allocated; every header has the right
 * form, none comes twice, and their rows add up. The points and the roots are checked in adapters/kzg and `checkBatch`.
 */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  if (bytes.length > MAX_METADATA_BYTES) throw new ZgError("BatchTooLarge", { metadata: bytes.length });
  if (bytes.length < HEADERS) throw new ZgError("BadMetadata", { why: "too short", length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!MAGIC.equals(bytes.subarray(0, 4))) throw new ZgError("BadMetadata", { why: "magic" });
  if (view.getUint16(4) !== METADATA_VERSION) throw new ZgError("BadVersion", { version: view.getUint16(4) });
  const blobCount = view.getUint32(BLOB_COUNT);
  const rowCount = view.getUint32(ROW_COUNT);
  if (blobCount > MAX_BLOBS_PER_BATCH || rowCount > MAX_ROWS_PER_BATCH) {
    throw new ZgError("BatchTooLarge", { blobCount, rowCount });
  }
  if (blobCount === 0 || bytes.length !== metadataLength(blobCount, rowCount)) {
    throw new ZgError("BadMetadata", { why: "length", length: bytes.length, blobCount, rowCount });
  }
  const headers = decodeHeaders(bytes.subarray(HEADERS, HEADERS + blobCount * HEADER_BYTES));
  const rows = headers.reduce((sum, header) => sum + header.rows, 0);
  if (rows !== rowCount) throw new ZgError("CountMismatch", { rowCount, rows });
  const roots = HEADERS + blobCount * HEADER_BYTES;
  const proofs = roots + rowCount * HASH_BYTES;
  return {
    submitter: toHex(bytes.subarray(SUBMITTER, ATTEMPT)),
    attempt: view.getUint32(ATTEMPT),
    headers,
    segmentRoots: bytes.slice(roots, proofs),
    proofs: bytes.slice(proofs),
  };
}

function decodeHeaders(bytes: Uint8Array): BlobHeader[] {
  const seen = new Set<Hex>();
  const headers: BlobHeader[] = [];
  for (let at = 0; at < bytes.length; at += HEADER_BYTES) {
    const header = decodeHeader(bytes.subarray(at, at + HEADER_BYTES));
    checkHeader(header);
    const blobKey = blobKeyOf(header);
    if (seen.has(blobKey)) throw new ZgError("DuplicateBlob", { blobKey, index: headers.length });
    seen.add(blobKey);
    headers.push(header);
  }
  return headers;
}

/** First row of each blob in the batch, and the row count as last entry. */
export function rowOffsets(headers: readonly BlobHeader[]): number[] {
  const offsets = [0];
  for (const header of headers) offsets.push((offsets.at(-1) as number) + header.rows);
  return offsets;
}
