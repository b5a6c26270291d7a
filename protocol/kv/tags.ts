import { concat, equalBytes, fromHex, type Hex, toHex, word } from "../hex.ts";
import { STREAM_TAG } from "../stream.ts";

/** sha256("VOID"): the entry withdraws an earlier one. */
export const VOID_TAG = fromHex("0x90251d5ff4018bf08f45ca85f613ed0b18d830f5f84b424197ea13620e87fa11");

const TAG_BYTES = 32;

/** What an entry's tags say to the key-value layer. */
export type Tags =
  | { readonly kind: "streams"; readonly streams: readonly Hex[] }
  /** `target` is the txSeq to withdraw. */
  | { readonly kind: "void"; readonly target: number }
  | { readonly kind: "none" };

const NONE: Tags = { kind: "none" };

/** Anything that is not exactly of one of the two forms is a file like any other. */
export function tagsOf(bytes: Uint8Array): Tags {
  if (bytes.length < 2 * TAG_BYTES || bytes.length % TAG_BYTES !== 0) return NONE;
  const [domain, rest] = [bytes.subarray(0, TAG_BYTES), bytes.subarray(TAG_BYTES)];
  if (equalBytes(domain, STREAM_TAG)) {
    const streams = new Set<Hex>();
    for (let at = 0; at < rest.length; at += TAG_BYTES) streams.add(toHex(rest.subarray(at, at + TAG_BYTES)));
    return { kind: "streams", streams: [...streams] };
  }
  if (!equalBytes(domain, VOID_TAG) || rest.length !== TAG_BYTES) return NONE;
  const target = BigInt(toHex(rest));
  return target <= Number.MAX_SAFE_INTEGER ? { kind: "void", target: Number(target) } : NONE;
}

/** Tags of a transaction on these streams. */
export function tagsOfStreams(streams: readonly Hex[]): Uint8Array {
  return concat(STREAM_TAG, ...streams.map((stream) => fromHex(stream, TAG_BYTES)));
}

/** Tags of the entry that withdraws entry `txSeq`. */
export function tagsOfVoid(txSeq: number): Uint8Array {
  return concat(VOID_TAG, word(txSeq));
}
