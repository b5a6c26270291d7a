import type { Compute } from "../../adapters/compute.ts";
import { batchIdOf, batchRootOf } from "../../protocol/batch.ts";
import type { BatchFacts } from "../../protocol/batchCheck.ts";
import { packBlob } from "../../protocol/blob.ts";
import { submissionOfBytes, submissionOfRows } from "../../protocol/flow.ts";
import { type BlobHeader, blobKeyOf } from "../../protocol/header.ts";
import { concat, type Hex, toHex, word } from "../../protocol/hex.ts";
import { keccak, keccakText } from "../../protocol/keccak.ts";
import { encodeMetadata, type Metadata } from "../../protocol/metadata.ts";
import { ROW_BYTES } from "../../protocol/params.ts";
import { streamIdOf, streamPayload } from "../../protocol/stream.ts";

export const CHAIN_ID = 31337n;
export const ENTRANCE: Hex = `0x${"e1".repeat(20)}`;
export const SIGNERS: Hex = `0x${"51".repeat(20)}`;
export const SUBMITTER: Hex = `0x${"5b".repeat(20)}`;
export const ACCOUNT: Hex = `0x${"ac".repeat(20)}`;

/** Bytes that look random and are the same everywhere: keccak(seed ‖ 0) ‖ keccak(seed ‖ 1) ‖ … */
export function payloadOf(seed: string, length: number): Uint8Array {
  const tag = keccakText(seed);
  const out = new Uint8Array(Math.ceil(length / 32) * 32);
  for (let i = 0; i * 32 < length; i++) out.set(keccak(concat(tag, word(i))), i * 32);
  return out.slice(0, length);
}

export function saltOf(seed: string): Hex {
  return toHex(keccakText(`salt of ${seed}`));
}

export interface SampleBlob {
  readonly payload: Uint8Array;
  readonly rows: Uint8Array;
  readonly header: BlobHeader;
  readonly segmentRoots: Uint8Array;
  readonly q: Uint8Array;
}

export async function sampleBlob(compute: Compute, seed: string, length: number): Promise<SampleBlob> {
  const payload = payloadOf(seed, length);
  return encodeRows(compute, seed, packBlob(payload), payload);
}

/** A blob from rows that need not be the packing of its payload: how an attacker makes one. */
export async function encodeRows(
  compute: Compute,
  seed: string,
  rows: Uint8Array,
  payload: Uint8Array,
): Promise<SampleBlob> {
  const { dataRoot, segmentRoots, commitment, q } = await compute.encodeBlob(rows);
  const header: BlobHeader = {
    version: 1,
    dataRoot,
    commitment,
    length: payload.length,
    rows: rows.length / ROW_BYTES,
    account: ACCOUNT,
    salt: saltOf(seed),
  };
  return { payload, rows, header, segmentRoots, q };
}

export interface SampleBatch {
  readonly blobs: readonly SampleBlob[];
  readonly rows: Uint8Array;
  readonly metadata: Metadata;
  readonly bytes: Uint8Array;
  readonly facts: BatchFacts;
}

export async function sampleBatch(compute: Compute, blobs: readonly SampleBlob[]): Promise<SampleBatch> {
  const headers = blobs.map((blob) => blob.header);
  const proofs = await compute.columnProofs(
    batchRootOf(headers),
    blobs.map((blob) => blob.q),
  );
  return assemble(blobs, headers, proofs);
}

/** Metadata and the facts a chain would record of it, honest or not. */
export function assemble(
  blobs: readonly SampleBlob[],
  headers: readonly BlobHeader[],
  proofs: Uint8Array,
  segmentRoots = concat(...blobs.map((blob) => blob.segmentRoots)),
): SampleBatch {
  const metadata: Metadata = { submitter: SUBMITTER, attempt: 0, headers, segmentRoots, proofs };
  const bytes = encodeMetadata(metadata);
  return { blobs, rows: concat(...blobs.map((blob) => blob.rows)), metadata, bytes, facts: factsOf(metadata, bytes) };
}

export function factsOf(metadata: Metadata, bytes: Uint8Array): BatchFacts {
  const { headers, segmentRoots, submitter, attempt } = metadata;
  const counts = { blobCount: headers.length, rowCount: segmentRoots.length / 32 };
  const roots = { batchRoot: batchRootOf(headers), rowsRoot: submissionOfRows(segmentRoots).identity };
  const batchId = batchIdOf({ chainId: CHAIN_ID, entrance: ENTRANCE, submitter, attempt, ...counts, ...roots });
  const streamId = streamIdOf(CHAIN_ID, ENTRANCE);
  const file = streamPayload(streamId, batchId, bytes, headers.map(blobKeyOf));
  const recorded = { metadataRoot: submissionOfBytes(file).identity, metadataLength: file.length };
  return { batchId, streamId, submitter, attempt, ...counts, ...roots, ...recorded };
}
