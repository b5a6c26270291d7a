/** Payloads of entries, kept in the pieces in which they are verified. */
import type { Sqlite } from "../../adapters/sqlite.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decodePayload, type Payload, type PayloadSource } from "../../protocol/kv/payload.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";

/** A file by root and length: entries that name the same file share its payload. */
export interface FileRef {
  readonly root: Hex;
  readonly length: number;
}

const countOf = (length: number): number => Math.ceil(length / SEGMENT_BYTES);

export const putSegment = (sql: Sqlite, { root, length }: FileRef, n: number, bytes: Uint8Array): void => {
  sql.run("INSERT OR REPLACE INTO segments (root, length, n, bytes) VALUES (?, ?, ?, ?)", root, length, n, bytes);
};

export const isComplete = (sql: Sqlite, { root, length }: FileRef): boolean => {
  const row = sql.get("SELECT COUNT(*) AS held FROM segments WHERE root = ? AND length = ?", root, length);
  return row?.held === countOf(length);
};

/** Ascending. */
export const missingSegments = (sql: Sqlite, { root, length }: FileRef): number[] => {
  const held = new Set(
    sql.all("SELECT n FROM segments WHERE root = ? AND length = ?", root, length).map(({ n }) => Number(n)),
  );
  return Array.from({ length: countOf(length) }, (_, n) => n).filter((n) => !held.has(n));
};

/** Bytes of a complete payload; what lies beyond its end is not there. */
export const readPayload = (sql: Sqlite, file: FileRef, at: number, size: number): Uint8Array => {
  const out = new Uint8Array(Math.max(0, Math.min(size, file.length - at)));
  for (let done = 0; done < out.length; ) {
    const [n, from] = [Math.floor((at + done) / SEGMENT_BYTES), (at + done) % SEGMENT_BYTES];
    const wanted = Math.min(out.length - done, SEGMENT_BYTES - from);
    const row = sql.get(
      "SELECT substr(bytes, ?, ?) AS part FROM segments WHERE root = ? AND length = ? AND n = ?",
      ...[from + 1, wanted, file.root, file.length, n],
    );
    const part = row?.part as Uint8Array | undefined;
    if (part?.length !== wanted) throw new ZgError("CorruptObject", { what: "payload", root: file.root, segment: n });
    out.set(part, done);
    done += wanted;
  }
  return out;
};

/** For the codec, which reads from front to back in small steps: one piece is kept at hand. */
export const payloadSource = (sql: Sqlite, file: FileRef): PayloadSource => {
  let from = 0;
  let window: Uint8Array = new Uint8Array();
  return {
    length: file.length,
    read: (at, size) => {
      if (size >= SEGMENT_BYTES) return readPayload(sql, file, at, size);
      if (at < from || at + size > from + window.length) {
        [from, window] = [at, readPayload(sql, file, at, SEGMENT_BYTES)];
      }
      return window.slice(at - from, at - from + size);
    },
  };
};

type Decoded = FileRef & ({ readonly payload: Payload } | { readonly error: ZgError });

/** The last payload of each database, while nobody else needs its memory. */
const decoded = new WeakMap<Sqlite, WeakRef<Decoded>>();

/** A complete payload, decoded once for all of its streams, which are judged one after the other; so is a malformed one. */
export const payloadOf = (sql: Sqlite, file: FileRef): Payload => {
  const { root, length } = file;
  let last = decoded.get(sql)?.deref();
  if (last?.root !== root || last.length !== length) {
    last = { root, length, ...decode(sql, file) };
    decoded.set(sql, new WeakRef(last));
  }
  if ("error" in last) throw last.error;
  return last.payload;
};

const decode = (sql: Sqlite, file: FileRef): { readonly payload: Payload } | { readonly error: ZgError } => {
  try {
    return { payload: decodePayload(payloadSource(sql, file)) };
  } catch (error) {
    // A disk that fails now may not fail later.
    if (error instanceof ZgError && error.code === "BadPayload") return { error };
    throw error;
  }
};
