/**
 * What is sealed of a load. There are millions of these, and all are read at the start, so they are kept in binary:
 *
 *     | slot + 1, 0: none  4 | seals  64 | digests of contexts  32 each |
 *
 * where a seal is the number of its context, 254 for one that holds nothing, or 255 for one that is not sealed.
 */
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { SEALS_PER_LOAD } from "../../protocol/seal.ts";

/** What a seal of a load is, if it is not the number of its context: not sealed yet, or nothing but zeros. */
export const [ABSENT, EMPTY] = [-1, -2];

export interface Load {
  /** In the file of sealed loads; null: none of it is worth one. */
  readonly slot: number | null;
  readonly contexts: readonly Hex[];
  /** Of each seal the number of its context, ABSENT or EMPTY. */
  readonly seals: readonly number[];
}

const SLOT_BYTES = 4;
const HEAD_BYTES = SLOT_BYTES + SEALS_PER_LOAD;

export const encodeLoad = ({ slot, contexts, seals }: Load): Uint8Array => {
  const bytes = Buffer.alloc(HEAD_BYTES + contexts.length * HASH_BYTES);
  bytes.writeUInt32BE(slot === null ? 0 : slot + 1);
  for (const [i, of] of seals.entries()) bytes.writeInt8(of, SLOT_BYTES + i);
  for (const [i, digest] of contexts.entries()) bytes.set(fromHex(digest, HASH_BYTES), HEAD_BYTES + i * HASH_BYTES);
  return bytes;
};

export const decodeLoad = (bytes: Uint8Array): Load => {
  const count = (bytes.length - HEAD_BYTES) / HASH_BYTES;
  if (!Number.isInteger(count) || count < 0) throw new ZgError("CorruptObject", { what: "load", bytes: bytes.length });
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const slot = at.readUInt32BE() - 1;
  const seals = Array.from({ length: SEALS_PER_LOAD }, (_, i) => at.readInt8(SLOT_BYTES + i));
  if (seals.some((of) => of < EMPTY || of >= count)) throw new ZgError("CorruptObject", { what: "load", slot });
  const contexts = Array.from({ length: count }, (_, i) =>
    toHex(at.subarray(HEAD_BYTES + i * HASH_BYTES, HEAD_BYTES + (i + 1) * HASH_BYTES)),
  );
  return { slot: slot < 0 ? null : slot, contexts, seals };
};
