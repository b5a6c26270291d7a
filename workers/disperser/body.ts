import type { Readable } from "node:stream";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { ZgError } from "../../protocol/errors.ts";
import { concat } from "../../protocol/hex.ts";

/** Bytes of bodies held in memory at once. Slow senders that have sent little take little of it. */
export interface Budget {
  /** Throws `Busy` when there is no room. */
  take(bytes: number): void;
  give(bytes: number): void;
  held(): number;
}

export const createBudget = (limit: number): Budget => {
  let held = 0;
  return {
    take: (bytes) => {
      if (held + bytes > limit) throw new ZgError("Busy", { held, limit });
      held += bytes;
    },
    give: (bytes) => {
      held -= bytes;
    },
    held: () => held,
  };
};

/**
 * Reads a body of at most `limit` bytes. The declared length is only good for refusing early: memory is taken for bytes
 * that have arrived, never for bytes that were announced.
 */
export const readBody = async (
  body: Readable,
  limit: number,
  declared: number | undefined,
  take: (bytes: number) => void,
): Promise<Uint8Array> => {
  if (declared !== undefined && declared > limit) {
    body.resume();
    throw new ZgError("BlobTooLarge", { length: declared, limit });
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Not destroyed on an early end: the refusal must still reach the sender over the same socket.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Uint8Array;
      length += bytes.length;
      if (length > limit) throw new ZgError("BlobTooLarge", { length, limit });
      take(bytes.length);
      chunks.push(bytes);
      if (declared !== undefined && length * 2 >= declared) crashpoint("body-half-read");
    }
  } catch (error) {
    if (error instanceof ZgError) {
      body.resume();
      throw error;
    }
    throw new ZgError("LengthMismatch", { expected: declared ?? "unknown", actual: length }, { cause: error });
  }
  if (declared !== undefined && length !== declared) {
    throw new ZgError("LengthMismatch", { expected: declared, actual: length });
  }
  if (length === 0) throw new ZgError("EmptyBlob", { length });
  return concat(...chunks);
};
