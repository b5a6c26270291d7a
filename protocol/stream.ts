import { addressWord } from "./batch.ts";
import { ZgError } from "./errors.ts";
import { concat, equalBytes, fromHex, type Hex, toHex, word } from "./hex.ts";
import { keccakHex, keccakText } from "./keccak.ts";

// 0G's key-value layer: a file in the log whose tags start with sha256("STREAM") is a transaction on those streams.
/** sha256("STREAM") */
export const STREAM_TAG = fromHex("0xdf2ff3bb0af36c6384e6206552a4ed807f6f6a26e7d0aa6bff772ddc9d4307aa");
/** Keys of the DA stream are write-once, so its transactions need no version to be ordered by. */
const VERSION = 2n ** 64n - 1n;

/** The DA stream belongs to one DAEntrance of one chain. */
export function streamIdOf(chainId: bigint, entrance: Hex): Hex {
  return keccakHex(concat(keccakText("0G-DA/stream/v1"), word(chainId), addressWord(entrance)));
}

/** Tags of the metadata entry. */
export function streamTags(streamId: Hex): Uint8Array {
  return concat(STREAM_TAG, fromHex(streamId, 32));
}

export interface StreamWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** 0G's wire form: version u64 | reads | writes (all keys, then all values) | access control; sizes big-endian. */
export function encodeStream(streamId: Hex, writes: readonly StreamWrite[]): Uint8Array {
  const stream = fromHex(streamId, 32);
  const keys = writes.map(({ key, value }) =>
    concat(stream, word(key.length).subarray(29), key, word(value.length).subarray(24)),
  );
  const none = new Uint8Array(4);
  return concat(
    word(VERSION).subarray(24),
    none,
    word(writes.length).subarray(28),
    ...keys,
    ...writes.map(({ value }) => value),
    none,
  );
}

/** What a blobKey points to: batchId ‖ u32 index. */
export function blobLocation(batchId: Hex, index: number): Uint8Array {
  return concat(fromHex(batchId, 32), word(index).subarray(28));
}

/** The metadata entry's file: batchId → metadata, and each blobKey → (batchId, index). */
export function streamPayload(streamId: Hex, batchId: Hex, metadata: Uint8Array, blobKeys: readonly Hex[]): Uint8Array {
  return encodeStream(streamId, [
    { key: fromHex(batchId, 32), value: metadata },
    ...blobKeys.map((blobKey, index) => ({ key: fromHex(blobKey, 32), value: blobLocation(batchId, index) })),
  ]);
}

/** Bytes of the same file, before anything is built. */
export function streamPayloadLength(metadataBytes: number, blobCount: number): number {
  const perKey = 32 + 3 + 32 + 8;
  return 8 + 4 + 4 + (1 + blobCount) * perKey + metadataBytes + blobCount * 36 + 4;
}

/** The writes of an entry's file on one stream; refuses reads, access control and anything after the end. */
export function decodeStream(streamId: Hex, bytes: Uint8Array): StreamWrite[] {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new ZgError("BadMetadata", { why: "stream too short", at });
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (length: number): number => Number.parseInt(toHex(take(length)).slice(2), 16);
  if (!equalBytes(take(8), word(VERSION).subarray(24))) throw new ZgError("BadMetadata", { why: "stream version" });
  if (number(4) !== 0) throw new ZgError("BadMetadata", { why: "stream reads" });
  const count = number(4);
  if (count > 65_536) throw new ZgError("BadMetadata", { why: "stream writes", count });
  const keys: { key: Uint8Array; size: number }[] = [];
  for (let i = 0; i < count; i++) {
    if (toHex(take(32)) !== streamId) throw new ZgError("BadMetadata", { why: "another stream", i });
    const key = take(number(3)).slice();
    keys.push({ key, size: number(8) });
  }
  const writes = keys.map(({ key, size }) => ({ key, value: take(size).slice() }));
  if (number(4) !== 0 || at !== bytes.length) throw new ZgError("BadMetadata", { why: "stream end", at });
  return writes;
}
